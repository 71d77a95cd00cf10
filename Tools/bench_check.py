"""imflow check of a repository of 10,000 manifests, beside a loop that only scans the same bytes with libyaml and
beside the linters that people use on YAML. Part of Tools/bench."""

import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORDS = "alpha beta gamma delta sensor frame page token audio video mask label depth score vector batch".split()
RIVALS = ["check-jsonschema==0.39.0", "yamllint==1.38.0", "yamale==6.1.0"]
SCAN = r"""
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* Reads the files that standard input names, and scans each into tokens. */
int main(void) {
    static unsigned char text[1 << 20];
    static char path[4096];
    long tokens = 0;
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        FILE *file = fopen(path, "rb");
        if (!file) return 1;
        size_t size = fread(text, 1, sizeof text, file);
        fclose(file);
        yaml_parser_t parser;
        yaml_parser_initialize(&parser);
        yaml_parser_set_input_string(&parser, text, size);
        for (int done = 0; !done; tokens++) {
            yaml_token_t token;
            if (!yaml_parser_scan(&parser, &token)) return 1;
            done = token.type == YAML_STREAM_END_TOKEN;
            yaml_token_delete(&token);
        }
        yaml_parser_delete(&parser);
    }
    printf("%ld\n", tokens);
    return 0;
}
"""


def ports(draw, count, says):
    lines = []
    for index, word in enumerate(draw.sample(WORDS, count)):
        kind = draw.choice(["string", "number", "integer", "boolean"])
        lines.append(f"    {word}_{index}:\n      type: {kind}\n      description: {says} {word}, as {draw.choice(WORDS)} has it\n")
    return "".join(lines)


def model(draw, index):
    """A manifest of about 4 KB, of the kind that teams write: everything said, nothing clever."""
    return f"""# {draw.choice(WORDS)} by {draw.choice(WORDS)}; the owners are in labels.
name: model-{index:05}
version: "{index % 7}.{index % 20}.0"
description: >
  Reads one {draw.choice(WORDS)} and says what is in it.
  Trained on {draw.choice(WORDS)} data.
labels:
  team: {draw.choice(WORDS)}
  stage: production
image: registry.example.org/models/{draw.choice(WORDS)}@sha256:{draw.getrandbits(256):064x}
protocol: rest
port: 9000
path: /inference
health: /health
concurrency: 4
env:
  LOG_LEVEL: info
  BATCH: "16"
resources:
  cpu: 2
  memory: 4Gi
  disk: 10Gi
requires:
  arch: x86_64
input_schema:
  type: object
  required: [image_url]
  properties:
    image_url:
      type: string
      format: uri
{ports(draw, 14, "The")}output_schema:
  type: object
  properties:
{ports(draw, 12, "What the model says of the")}multi_node:
  split_mode: tile
  tile_size: 512
  tile_overlap: 32
  merge_strategy: detections
  merge:
    iou: 0.5
  max_shards: 32
timeout: 30s
retry:
  maximum_attempts: 3
  initial_interval: 1s
  backoff_coefficient: 2
  retry_on: [app, timeout]
on_failure: partial
min_success_ratio: 0.95
"""


def pipeline(draw, index):
    first, second = (f"model-{draw.randrange(index // 10 + 1) * 10 + draw.randrange(9):05}" for _ in range(2))
    return f"""name: pipeline-{index:05}
version: "1.0"
description: Two models, one after the other.
chained_models:
  - name: look
    model_id: {first}
    output_key: seen
  - name: judge
    model_id: {second}
    input:
      image_url: https://example.org/reference.png
    needs: [look]
"""


def repository(folder, count):
    """Nine in ten are models, the tenth is a pipeline of two of them."""
    draw = random.Random(1)
    paths, size = [], 0
    (folder / ".git").mkdir(parents=True)
    for index in range(count):
        place = folder / "models" / f"group-{index // 100:03}" / f"m{index:05}"
        place.mkdir(parents=True)
        text = pipeline(draw, index) if index % 10 == 9 else model(draw, index)
        size += len(text)
        (place / "model.yaml").write_text(text)
        paths.append(place / "model.yaml")
    return paths, size


def run(command, **options):
    """(wall s, CPU s, peak MB) of a command that may fail, as a linter with findings does."""
    before = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"bench: {command[0]} ended with {process.returncode}")
    return time.perf_counter() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def rivals(folder):
    """The programs of RIVALS, installed from PyPI into a folder of their own."""
    place = ROOT / ".bench-rivals"
    if not (place / "bin/yamale").exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([place / "bin/pip", "install", "-q", *RIVALS], check=True)
    # yamale has a schema language of its own: the keys of this repository's manifests, and nothing finer.
    (folder / "yamale.yaml").write_text(
        "name: str()\n" + "".join(f"{key}: any(required=False)\n" for key in (
            "version description labels image protocol port path health concurrency env resources requires input_schema "
            "output_schema multi_node timeout retry on_failure min_success_ratio chained_models").split()))
    schema = ROOT / "Grammar/model.schema.json"
    return {
        "check-jsonschema": [place / "bin/check-jsonschema", "--schemafile", schema],
        "yamllint": [place / "bin/yamllint"],
        "yamale": [place / "bin/yamale", "--no-strict", "-s", folder / "yamale.yaml"],
    }


def check_repository(imflow, scratch, count=10_000, sample=300):
    folder = pathlib.Path(scratch) / "repository"
    paths, size = repository(folder, count)
    scanner = pathlib.Path(scratch) / "scan"
    (pathlib.Path(scratch) / "scan.c").write_text(SCAN)
    subprocess.run(["cc", "-O2", "-o", scanner, pathlib.Path(scratch) / "scan.c", "-lyaml"], check=True)
    names = pathlib.Path(scratch) / "names"
    names.write_text("".join(f"{path}\n" for path in paths))
    one_core = ["taskset", "-c", "0"]
    scans, alone, both = [], [], []
    for _ in range(5):
        with names.open() as list_of_names:
            scans.append(run(one_core + [scanner], stdin=list_of_names))
        alone.append(run(one_core + [imflow, "check", folder]))
        both.append(run([imflow, "check", folder]))
    scan, own = (statistics.median(cpu for _, cpu, _ in times) for times in (scans, alone))
    wall = statistics.median(wall for wall, _, _ in both)
    print(f"{count:,} manifests, {size / count / 1000:.1f} KB each; medians of 5")
    print(f"  libyaml scan, one core  {scan / count * 1e6:7.0f} µs of CPU a file")
    print(f"  imflow check, one core  {own / count * 1e6:7.0f} µs of CPU a file   imflow / scan = {own / scan:.2f}")
    print(f"  imflow check, all cores {wall / count * 1e6:7.0f} µs of wall time a file ({wall:.2f} s), "
          f"{statistics.median(wall for wall, _, _ in alone) / wall:.2f} x as fast as on one; "
          f"at most {max(memory for _, _, memory in both):.0f} MB")
    few = [str(path) for path in paths[:sample] if "chained_models" not in path.read_text()]
    for name, command in rivals(pathlib.Path(scratch)).items():
        # Of a start of Python alone there is nothing to compare.
        start = run(command + [few[0]])[1]
        cpu = (run(command + few)[1] - start) / (len(few) - 1)
        print(f"  {name:23} {cpu * 1e6:7.0f} µs of CPU a file   {name} / imflow = {cpu / (own / count):.0f}")
