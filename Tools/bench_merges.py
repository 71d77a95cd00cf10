"""`Tools/bench merges`: time and peak memory of every merge strategy over 100,000 partial outputs, and of merged values that
are far larger than memory should be."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

STRATEGIES = ["concat-json", "none", "concat-text", "json-merge", "sum", "mean", "max", "min", "vote", "top-k", "detections"]
MANY = 100_000
# Outputs, bytes of each: many large ones, and one that is larger than memory should be.
LARGE = [("concat-json", 200, 10_000_000), ("concat-json", 1, 2_000_000_000), ("none", 1, 2_000_000_000),
         ("concat-text", 200, 10_000_000), ("mean", 200, 10_000_000)]


def merge(imflow, strategy, outputs, size):
    # Not in /tmp, which may be in memory.
    folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("IMFLOW_BENCH_FOLDER", "/var/tmp")))
    try:
        done = subprocess.run(
            [imflow, "debug", "merges", strategy, "--outputs", str(outputs), "--bytes", str(size), "--folder",
             folder / "cas"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: imflow debug merges {strategy} ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)
    finally:
        shutil.rmtree(folder)


def bench_merges(imflow):
    print(f"{'strategy':12} {'outputs':>9} {'input MB':>9} {'result MB':>9} {'seconds':>8} {'peak MB':>8}")
    for strategy, outputs, size in [(strategy, MANY, 100) for strategy in STRATEGIES] + LARGE:
        found = merge(imflow, strategy, outputs, size)
        print(f"{strategy:12} {outputs:9,} {found['input_bytes'] / 1e6:9,.0f} {found['result_bytes'] / 1e6:9,.1f} "
              f"{found['seconds']:8.2f} {found['peak_memory_bytes'] / 1e6:8,.0f}", flush=True)
