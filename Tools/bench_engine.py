"""What the engine costs, beside programs that run as many processes. Part of Tools/bench.

Everybody runs `/bin/echo 0`, two at a time. What rivals there are: make, ninja and xargs (which remember nothing that a
power cut would leave), and from PyPI, installed into .bench-rivals, Parsl with checkpoints and DBOS on SQLite, which
keep each result as imflow does. One round runs each of them once; the median of the rounds counts."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FROM_PYPI = ["parsl==2026.10.26", "dbos==3.4.0"]
ROUNDS = 3
ECHO = "/bin/echo 0"


def measured(command, folder, allowed=(0,)):
    """Wall and CPU seconds of a command with all that it started."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        sys.exit(f"bench: {' '.join(map(str, command))} ended with {process.returncode}:\n{said.decode()[-2000:]}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime


class Engine:
    """The measurements, with one release build of imflow."""

    def __init__(self, imflow, scratch):
        self.imflow, self.scratch = imflow, pathlib.Path(scratch)
        self.rows = []

    def folder(self, name):
        place = self.scratch / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def run(self, folder, state):
        return [self.imflow, "run", folder / "job.json", "--executor", "process", "--concurrency", "2", "--state", state,
                "--result", folder / "result.json"]

    def row(self, name, figures, note=""):
        """`figures`: for each program a list of (wall, CPU) in seconds, or of single numbers with the unit in `note`."""
        medians = {}
        for program, values in figures.items():
            walls = [value[0] for value in values]
            medians[program] = {"wall_s": statistics.median(walls), "rounds": len(walls)}
            if len(values[0]) > 1:
                medians[program]["cpu_s"] = statistics.median(value[1] for value in values)
        own = medians["imflow"]
        for program, value in medians.items():
            if program != "imflow":
                value["imflow_wall_ratio"] = own["wall_s"] / value["wall_s"]
                if "cpu_s" in own and "cpu_s" in value:
                    value["imflow_cpu_ratio"] = own["cpu_s"] / value["cpu_s"]
        self.rows.append({"name": name, "note": note, "programs": medians})
        self.show(self.rows[-1])

    @staticmethod
    def show(row):
        print(f"{row['name']}{': ' + row['note'] if row['note'] else ''}", file=sys.stderr)
        for program, value in row["programs"].items():
            line = f"  {program:9} {value['wall_s']:8.3f} s wall"
            if "cpu_s" in value:
                line += f" {value['cpu_s']:8.3f} s CPU"
            if "imflow_wall_ratio" in value:
                line += f"   imflow takes {value['imflow_wall_ratio']:.2f} x its time"
                if "imflow_cpu_ratio" in value:
                    line += f", {value['imflow_cpu_ratio']:.2f} x its CPU"
            print(line, file=sys.stderr)


def write_model(folder, keys="", entrypoint="[/bin/echo, '0']"):
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models/model.yaml").write_text(f"name: no-op\nentrypoint: {entrypoint}\nprotocol: exec\n{keys}")


def write_fan_out(folder, count, entrypoint="[/bin/echo, '0']"):
    write_model(folder, f"multi_node:\n  split_mode: batch\n  max_shards: {count}\n  merge_strategy: sum\n", entrypoint)
    (folder / "job.json").write_text(json.dumps(
        {"job_id": "fan-out", "job_graph": {"stages": [{"model": "no-op"}]}, "input": {"items": list(range(count))},
         "shard_count": count}))
    names = [f"t{index}" for index in range(count)]
    (folder / "Makefile").write_text(
        f".PHONY: all {' '.join(names)}\nall: {' '.join(names)}\n{' '.join(names)}:\n\t@{ECHO}\n")
    (folder / "build.ninja").write_text(
        f"rule nothing\n  command = {ECHO}\n" + "".join(f"build {name}: nothing\n" for name in names))
    (folder / "names").write_text("\n".join(names) + "\n")


def chain_job(count):
    stages = [{"model": "no-op", "name": f"s{index}", "input_key": "value", "output_key": "value"}
              for index in range(count)]
    return json.dumps({"job_id": "chain", "job_graph": {"stages": stages}, "input": {"value": 0}})


def rivals():
    """Python with what FROM_PYPI names."""
    place = ROOT / ".bench-rivals"
    python = place / "bin/python"
    listed = subprocess.run([python, "-m", "pip", "freeze"], stdout=subprocess.PIPE, check=False).stdout.decode() \
        if python.exists() else ""
    if not set(FROM_PYPI) <= set(listed.split()):
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *FROM_PYPI], check=True)
    return python


def fan_out(engine, count, rounds, with_engines):
    """N no-op processes that wait for nothing."""
    folder = engine.folder(f"fan-out-{count}")
    write_fan_out(folder, count)
    commands = {
        "make": lambda _: ["make", "-s", "-j2"], "ninja": lambda _: ["ninja", "-j2"],
        "xargs": lambda _: ["xargs", "-a", "names", "-P2", "-n1", "/bin/echo", "0"],
    }
    if with_engines:
        python, program = rivals(), pathlib.Path(__file__).with_name("bench_rivals.py")
        for name in ("parsl", "dbos"):
            commands[name] = lambda turn, name=name: [python, program, name, count, engine.folder(f"{name}-{turn}")]
    figures = {name: [] for name in ("imflow", *commands)}
    for turn in range(rounds):
        shutil.rmtree(folder / "state", ignore_errors=True)
        figures["imflow"].append(measured(engine.run(folder, folder / "state"), folder))
        for name, command in commands.items():
            figures[name].append(measured(command(turn), folder))
            (folder / ".ninja_log").unlink(missing_ok=True)
    engine.row(f"fan-out of {count:,}", figures, f"N no-op processes, {rounds} rounds")
    return folder


def chain(engine, count, rounds):
    """N stages that each need the one before."""
    folder = engine.folder(f"chain-{count}")
    write_model(folder)
    (folder / "job.json").write_text(chain_job(count))
    lines = [f"t{index}: {f't{index - 1}' if index else ''}\n\t@{ECHO}\n" for index in range(count)]
    (folder / "Makefile").write_text(f".PHONY: all {' '.join(f't{index}' for index in range(count))}\n"
                                     f"all: t{count - 1}\n" + "".join(lines))
    figures = {"imflow": [], "make": []}
    for _ in range(rounds):
        shutil.rmtree(folder / "state", ignore_errors=True)
        figures["imflow"].append(measured(engine.run(folder, folder / "state"), folder))
        figures["make"].append(measured(["make", "-s", "-j2"], folder))
    engine.row(f"chain of {count:,}", figures, f"each process needs the one before, {rounds} rounds")


def resume_the_rest(engine, count, rounds):
    """The last tenth of a job: its model fails there, is mended, and the job resumed."""
    figures = {"imflow": [], "ninja": []}
    for _ in range(rounds):
        folder = engine.folder("resume")
        write_fan_out(folder, count, "[./no-op, '0']")
        program = folder / "models/no-op"
        program.write_text(f"#!/bin/sh\n[ $IMFLOW_SHARD_INDEX -lt {count * 9 // 10} ] && echo 0\n")
        program.chmod(0o755)
        measured(engine.run(folder, folder / "state"), folder, allowed=(1,))
        program.unlink()
        shutil.copy("/bin/echo", program)
        figures["imflow"].append(measured([engine.imflow, "resume", "fan-out", "--state", folder / "state"], folder))
        # Ninja knows what is done by the files that are there.
        (folder / "build.ninja").write_text("rule make\n  command = touch $out\n" + "".join(
            f"build made/t{index}: make\n" for index in range(count)))
        measured(["ninja", "-j2"], folder)
        for index in range(count * 9 // 10, count):
            (folder / f"made/t{index}").unlink()
        figures["ninja"].append(measured(["ninja", "-j2"], folder))
    engine.row(f"resume of the last tenth of {count:,}", figures, f"{rounds} rounds")


def resume_finished(engine, folder, count):
    times = [measured([engine.imflow, "resume", "fan-out", "--state", folder / "state"], folder) for _ in range(5)]
    engine.row(f"resume of a finished job of {count:,} shards", {"imflow": times}, "nothing is left to do; 5 rounds")


def plan(engine, count):
    folder = engine.folder("plan")
    write_model(folder)
    (folder / "job.json").write_text(chain_job(count))
    first = subprocess.run([engine.imflow, "plan", folder / "job.json"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
    if first.returncode != 0:
        print(f"plan of a chain of {count:,} stages: this build takes no graph so large", file=sys.stderr)
        return
    times = [measured([engine.imflow, "plan", folder / "job.json"], folder) for _ in range(3)]
    engine.row(f"plan of a chain of {count:,} stages", {"imflow": times}, "lowered and validated; 3 rounds")


def in_process(engine, shards):
    """The engine and its journal alone: shards that do nothing, in the engine's own process."""
    state = engine.folder(f"idle-{shards}") / "state"
    answer = subprocess.run([engine.imflow, "debug", "engine", "--shards", str(shards), "--state", state],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(state, ignore_errors=True)
    name = f"in-process no-op executor, {shards:,} shards"
    if answer.returncode != 0:
        print(f"{name}: this build has no `imflow debug engine`", file=sys.stderr)
        return
    figures = json.loads(answer.stdout)
    engine.rows.append({"name": name, "figures": figures})
    print(f"{name}: {figures['tasks_per_second']:,.0f} tasks a second, {figures['cpu_us_per_task']:.0f} us of CPU a task, "
          f"{figures['memory_bytes_per_pending_shard']} bytes a pending shard", file=sys.stderr)


def listing(engine, jobs, shards):
    """`imflow job` on a state with many jobs."""
    state = engine.folder("jobs") / "state"
    made = subprocess.run(
        [engine.imflow, "debug", "engine", "--jobs", str(jobs), "--shards", str(shards), "--state", state],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if made.returncode != 0:
        print("imflow job: this build cannot make many jobs quickly", file=sys.stderr)
        return
    times = [measured([engine.imflow, "job", "--state", state], engine.scratch) for _ in range(5)]
    engine.row(f"imflow job on {jobs:,} jobs of {shards:,} shards", {"imflow": times}, "5 rounds")


def bench_engine(imflow, as_json=False):
    with tempfile.TemporaryDirectory() as scratch:
        engine = Engine(imflow, scratch)
        fan_out(engine, 1_000, ROUNDS, with_engines=True)
        chain(engine, 1_000, ROUNDS)
        resume_the_rest(engine, 1_000, ROUNDS)
        large = fan_out(engine, 10_000, 1, with_engines=False)
        resume_finished(engine, large, 10_000)
        plan(engine, 10_000)
        for shards in (10_000, 100_000, 1_000_000):
            in_process(engine, shards)
        listing(engine, 1_000, 1_000)
    if as_json:
        print(json.dumps({"schema": "imflow.bench-engine/v1", "rows": engine.rows}, indent=2))
