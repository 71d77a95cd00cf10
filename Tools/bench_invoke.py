"""`Tools/bench invoke`: what it costs to call a model, beside the same without imflow: containers by curl, `docker run` and
`docker exec`; a warm server by a bare HTTP client; lines; and what a hundred cancelled jobs leave behind.

A unit's time is what a job of many units takes longer than a job of one, by their number: what a job costs by itself is
in neither. Rounds run everything once each, one after the other; medians of the rounds count."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

SOCKET = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
IMAGE = "imflow-test/busybox:1"
ROUNDS = int(os.environ.get("IMFLOW_BENCH_ROUNDS", "5"))
CONTAINERS = 20
WARM_UNITS = 4000
LINES = 20_000
CANCELS = 100
MODEL = {"sh": ["sh", "-c", "cat >/dev/null; echo 1"]}

# The fastest server that Python's standard library makes: what is measured is who calls it.
SERVER = r"""
import asyncio, os
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"result\":1}"
class Answers(asyncio.Protocol):
    def connection_made(self, transport): self.transport, self.buffer = transport, b""
    def data_received(self, data):
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found: return
            length = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length": length = int(value)
            if len(rest) < length: return
            self.buffer = rest[length:]
            self.transport.write(ANSWER)
async def main():
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", int(os.environ["PORT"]))
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
LINE_MODEL = "import sys\nfor line in sys.stdin:\n    sys.stdout.write('{\"result\":1}\\n'); sys.stdout.flush()\n"


def medians(values):
    return statistics.median(values)


def shown(name, values, scale=1000, unit="ms", note=""):
    spread = f"{min(values) * scale:.2f}..{max(values) * scale:.2f}"
    print(f"  {name:46} {medians(values) * scale:9.2f} {unit}   ({spread}, {len(values)} rounds){note}", flush=True)
    return medians(values)


class Bench:
    def __init__(self, imflow, folder):
        self.imflow, self.folder = imflow, pathlib.Path(folder)
        self.jobs = 0

    def model(self, name, **keys):
        place = self.folder / "models" / name
        place.mkdir(parents=True)
        (place / "model.yaml").write_text(json.dumps({"name": name, **keys}))
        return place

    def start(self, model, units, concurrency, executor="auto", **streams):
        self.jobs += 1
        job = self.folder / f"job-{self.jobs}.json"
        job.write_text(json.dumps({"job_id": f"b{self.jobs}", "input": {"items": list(range(units))}}))
        return subprocess.Popen(
            [self.imflow, "run", job, "--model", model, "--executor", executor, "--concurrency", str(concurrency),
             "--state", self.folder / "state", "--result", self.folder / "result.json"],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **streams)

    def wall(self, *arguments):
        begin = time.perf_counter()
        process = self.start(*arguments)
        said = process.stderr.read()
        if process.wait() != 0:
            sys.exit(f"bench: imflow run ended with {process.returncode}: {said.decode()[-2000:]}")
        return time.perf_counter() - begin

    def per_unit(self, model, units, concurrency, executor="auto"):
        alone = self.wall(model, 1, concurrency, executor)
        return (self.wall(model, units, concurrency, executor) - alone) / (units - 1)


def at_once(count, width, one):
    """Wall time of each of `count` calls, `width` at a time."""
    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        list(pool.map(lambda _: one(), range(count)))
    return (time.perf_counter() - begin) / count


def curl(method, path, body=None):
    command = ["curl", "-sS", "--fail-with-body", "--unix-socket", SOCKET, "-X", method, f"http://docker/v1.41{path}"]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: curl {method} {path}: {done.stdout.decode()} {done.stderr.decode()}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def by_curl():
    """The same container as imflow makes, as far as the engine's work goes."""
    with tempfile.TemporaryDirectory() as work:
        made = curl("POST", "/containers/create", {
            "Image": IMAGE, "Entrypoint": ["sh", "-c", "echo 1"], "Cmd": [], "HostConfig": {
                "NetworkMode": "none", "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"], "ReadonlyRootfs": True,
                "Tmpfs": {"/tmp": "rw,nosuid,nodev,exec,mode=1777"}, "PidsLimit": 4096,
                "LogConfig": {"Type": "local", "Config": {}},
                "Mounts": [{"Type": "bind", "Source": work, "Target": "/imflow/work"}]}})["Id"]
        curl("POST", f"/containers/{made}/start")
        curl("POST", f"/containers/{made}/wait")
        curl("DELETE", f"/containers/{made}")


def quietly(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def containers(bench):
    bench.model("cold", image=IMAGE, protocol="exec", entrypoint=MODEL["sh"],
                multi_node={"split_mode": "batch", "max_shards": CONTAINERS + 1})
    warm = subprocess.run(["docker", "run", "-d", "--network", "none", IMAGE, "sleep", "1000000"], check=True,
                          capture_output=True, text=True).stdout.strip()
    try:
        for width in (1, 4):
            rows = {"imflow": [], "curl create/start/wait/remove": [], "docker run --rm": [], "docker exec, warm": []}
            for _ in range(ROUNDS):
                rows["imflow"].append(bench.per_unit("cold", CONTAINERS + 1, width))
                rows["curl create/start/wait/remove"].append(at_once(CONTAINERS, width, by_curl))
                rows["docker run --rm"].append(at_once(CONTAINERS, width, lambda: quietly(
                    "docker", "run", "--rm", "--network", "none", IMAGE, "true")))
                rows["docker exec, warm"].append(at_once(CONTAINERS, width, lambda: quietly(
                    "docker", "exec", warm, "true")))
            print(f"cold container a shard, {width} at a time, wall time by their number")
            found = {name: shown(name, values) for name, values in rows.items()}
            print(f"  imflow / curl {found['imflow'] / found['curl create/start/wait/remove']:.2f}, "
                  f"imflow / docker run {found['imflow'] / found['docker run --rm']:.2f}", flush=True)
    finally:
        quietly("docker", "rm", "-f", warm)


def bare_round_trip(port, count):
    body = json.dumps({"input": {"items": [1]}, "job": {
        "job_id": "b1", "stage": "warm", "shard_index": 0, "shard_count": 1, "unit": {"index": 0, "start": 0, "end": 1}}})
    connection = http.client.HTTPConnection("127.0.0.1", port)
    begin = time.perf_counter()
    for _ in range(count):
        connection.request("POST", "/inference", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
    return (time.perf_counter() - begin) / count


def warm_server(bench):
    for concurrency in (1, 4):
        place = bench.model(f"warm-{concurrency}", protocol="rest", port=19400, concurrency=concurrency,
                            entrypoint=["python3", "-I", "server.py"],
                            multi_node={"split_mode": "batch", "max_shards": 1})
        (place / "server.py").write_text(SERVER)
    port = 19500
    server = subprocess.Popen([sys.executable, "-I", "-c", SERVER], env={**os.environ, "PORT": str(port)},
                              stdout=subprocess.PIPE)
    try:
        server.stdout.readline()
        bare, one, four = [], [], []
        for _ in range(ROUNDS):
            bare.append(bare_round_trip(port, WARM_UNITS))
            one.append(bench.per_unit("warm-1", WARM_UNITS, 1, "process"))
            four.append(bench.per_unit("warm-4", WARM_UNITS, 1, "process"))
    finally:
        server.terminate()
        server.wait()
    print(f"warm rest unit, {WARM_UNITS:,} of them through one instance")
    base = shown("bare HTTP client (Python's), one connection", bare)
    mine = shown("imflow, concurrency 1", one)
    wide = shown("imflow, concurrency 4", four)
    print(f"  over the bare client {(mine - base) * 1000:.2f} ms; {1 / wide:,.0f} units/s with concurrency 4", flush=True)


def lines(bench):
    place = bench.model("lines", protocol="jsonl", entrypoint=["python3", "-I", "lines.py"],
                        multi_node={"split_mode": "batch", "max_shards": 1})
    (place / "lines.py").write_text(LINE_MODEL)
    units = [bench.per_unit("lines", LINES, 1, "process") for _ in range(ROUNDS)]
    print(f"jsonl, {LINES:,} units through one instance")
    print(f"  {1 / shown('imflow', units):,.0f} units/s", flush=True)


def left_behind(bench):
    """What carries the mark of the bench's state folder: containers and networks by label, processes by environment."""
    found = []
    state = str(bench.folder / "state")
    for kind in (["ps", "-a"], ["network", "ls"], ["volume", "ls"]):
        said = subprocess.run(["docker", *kind, "-q", "--filter", "label=imflow.job"], capture_output=True, text=True)
        found += [f"docker {kind[0]} {line}" for line in said.stdout.split()
                  if any(job in label_of(kind[0], line) for job in bench.cancelled)]
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and state.encode() in (entry / "environ").read_bytes():
                found.append("process " + (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    work = bench.folder / "state" / "work"
    found += [f"work folder {path.name}" for path in work.iterdir()] if work.is_dir() else []
    return found


def label_of(kind, name):
    inspect = {"ps": "container", "network": "network", "volume": "volume"}[kind]
    said = subprocess.run(["docker", inspect, "inspect", name], capture_output=True, text=True)
    return [] if said.returncode != 0 else [part for part in said.stdout.split('"')]


def given_up(bench):
    command = [bench.imflow, "cancel", f"b{bench.jobs}", "--state", bench.folder / "state"]
    return subprocess.run(command, capture_output=True).returncode == 0


def cancels(bench):
    sleep = "import time\ntime.sleep(1000)\n"
    for name, keys in {"held-container": {"image": IMAGE, "entrypoint": ["sleep", "1000"], "protocol": "exec"},
                       "held-process": {"entrypoint": ["sleep", "1000"], "protocol": "exec"},
                       "held-lines": {"entrypoint": ["python3", "-c", sleep], "protocol": "jsonl"}}.items():
        bench.model(name, **keys, multi_node={"split_mode": "batch", "max_shards": 8})
    random.seed(1)
    bench.cancelled = set()
    names = ["held-container", "held-process", "held-lines"]
    took = []
    for number in range(CANCELS):
        process = bench.start(names[number % len(names)], 8, 4)
        bench.cancelled.add(f"b{bench.jobs}")
        time.sleep(random.uniform(0.02, 0.8))
        begin = time.perf_counter()
        if number % 2:
            # The first one lets what runs come to its end.
            for _ in range(2):
                process.send_signal(signal.SIGINT)
                time.sleep(0.1)
        else:
            # There may be no such job yet.
            while not given_up(bench) and process.poll() is None:
                time.sleep(0.02)
        process.stderr.read()
        if process.wait() == 130:
            # State is safe after an interrupt, and the job is still to be resumed: it is given up here.
            given_up(bench)
        took.append(time.perf_counter() - begin)
    left = left_behind(bench)
    print(f"{CANCELS} cancels in the middle of work: {len(left)} things left behind")
    shown("until the job had ended", took)
    for line in left[:20]:
        print("  left:", line)


def bench_invoke(imflow, parts):
    chosen = [part for part in (containers, warm_server, lines, cancels) if not parts or part.__name__ in parts]
    with tempfile.TemporaryDirectory(dir=os.environ.get("IMFLOW_BENCH_FOLDER", "/var/tmp")) as folder:
        bench = Bench(imflow, folder)
        for part in chosen:
            part(bench)
