"""Tools/bench boxes: boxes that a detector found tile by tile, merged by imflow and by SAHI (from PyPI).

10,000 objects of 8 classes lie anywhere on 20,000 x 20,000 px, from 8 to 1,600 px a side, also upon each other; a tenth are
pairs of one class of which one lies within the other. The detector answers for each tile what of every object lies in it,
cut at the tile's border, each piece with a score of its own. Both programs get the same answers. What they make of them is
compared with the objects, number by number."""

import collections
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".bench-rivals"
SAHI = ["sahi==0.12.8", "numba"]
SIDE, TILE, CLASSES = 20_000, 512, 8


def draw_objects(count, largest, rng):
    """[x0, y0, x1, y1, class], no two alike."""
    objects = {}
    while len(objects) < count:
        width, height = (round(math.exp(rng.uniform(math.log(8), math.log(largest)))) for _ in "wh")
        x, y = rng.randint(0, SIDE - width), rng.randint(0, SIDE - height)
        kind = rng.randrange(CLASSES)
        objects[(x, y, x + width, y + height, kind)] = None
        if rng.random() < 0.05 and min(width, height) >= 8:
            inset = [rng.randint(1, max(1, side // 4)) for side in (width, height, width, height)]
            objects[(x + inset[0], y + inset[1], x + width - inset[2], y + height - inset[3], kind)] = None
    return list(objects)[:count]


def axis(overlap):
    """Where tiles start."""
    step = TILE - overlap
    count = 1 if SIDE <= TILE else 1 + -(-(SIDE - TILE) // step)
    return [index * step for index in range(count)]


def touched(starts, step, low, high):
    """The tiles that show something of low..high, which is not empty."""
    first = max(0, (low - TILE) // step + 1)
    return [index for index in range(first, min(len(starts), (high - 1) // step + 1))
            if starts[index] < high and min(starts[index] + TILE, SIDE) > low]


def detect(objects, overlap, rng):
    """What the detector answers: a list of units with the geometry of their tiles."""
    starts, step = axis(overlap), TILE - overlap
    units = []
    for row, y in enumerate(starts):
        for column, x in enumerate(starts):
            units.append({"unit": {
                "index": len(units), "x": x, "y": y, "width": min(TILE, SIDE - x), "height": min(TILE, SIDE - y),
                "row": row, "column": column, "image_width": SIDE, "image_height": SIDE}, "result": []})
    for x0, y0, x1, y1, kind in objects:
        for row in touched(starts, step, y0, y1):
            for column in touched(starts, step, x0, x1):
                unit = units[row * len(starts) + column]
                x, y = starts[column], starts[row]
                box = [max(x0 - x, 0), max(y0 - y, 0), min(x1 - x, unit["unit"]["width"]),
                       min(y1 - y, unit["unit"]["height"])]
                unit["result"].append({"box": box, "class": kind, "score": round(rng.uniform(0.3, 1), 3)})
    return units


def judge(objects, boxes):
    """How many objects are found exactly, how many are missed, how often one is found again, and how many boxes show
    what is no object."""
    wanted, found = collections.Counter(map(tuple, objects)), collections.Counter(map(tuple, boxes))
    exact = sum((wanted & found).values())
    extra = found - wanted
    doubled = sum(count for box, count in extra.items() if box in wanted)
    return {"exact": exact, "missed": len(objects) - exact, "doubled": doubled,
            "wrong": sum(extra.values()) - doubled}


def ours(imflow, units, folder, merge=None):
    """The merged boxes, and what `imflow debug detections` says of it."""
    (folder / "units.json").write_text(json.dumps({"units": units, "merge": merge or {}}, separators=(",", ":")))
    said = subprocess.run([imflow, "debug", "detections", folder / "units.json", "--result", folder / "merged.json"],
                          check=True, stdout=subprocess.PIPE).stdout
    merged = json.loads((folder / "merged.json").read_text())
    return [(*box["box"], box["class"]) for box in merged], json.loads(said)


def rivals():
    if not (VENV / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    subprocess.run([VENV / "bin/pip", "install", "-q", *SAHI], check=True)
    return VENV / "bin/python"


def compare(imflow, python, overlap, seed, folder, count=10_000):
    rng = random.Random(seed)
    objects = draw_objects(count, 1_600, rng)
    units = detect(objects, overlap, rng)
    rng.shuffle(units)
    boxes, said = ours(imflow, units, folder)
    rows = [("imflow", judge(objects, boxes), said["seconds"])]
    program = pathlib.Path(__file__).with_name("bench_sahi.py")
    answer = subprocess.run([python, program, folder / "units.json"], check=True, stdout=subprocess.PIPE).stdout
    for line in answer.decode().splitlines():
        row = json.loads(line)
        rows.append((row["name"], judge(objects, row["boxes"]), row["seconds"]))
    return sum(len(unit["result"]) for unit in units), rows


def show(overlap, pieces, rows, count):
    print(f"{count:,} objects in tiles of {TILE} px, overlap {overlap}: {pieces:,} boxes of tiles")
    for name, verdict, seconds in rows:
        figures = ", ".join(f"{value:,} {key}" for key, value in verdict.items())
        print(f"  {name:32} {seconds:8.3f} s  {figures}")
    best = max(rows[1:], key=lambda row: (row[1]["exact"], -row[1]["wrong"]))
    print(f"  imflow is {best[2] / rows[0][2]:.0f} x as fast as the most exact of SAHI's ({best[0]})")


def bench_boxes(imflow):
    python = rivals()
    with tempfile.TemporaryDirectory(prefix="imflow-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = pathlib.Path(name)
        for overlap in (0, 64):
            show(overlap, *compare(imflow, python, overlap, 1, folder), 10_000)
        for overlap in (0, 64):
            rng = random.Random(2)
            objects = draw_objects(700_000 if overlap else 850_000, 100, rng)
            units = detect(objects, overlap, rng)
            boxes, said = ours(imflow, units, folder)
            print(f"imflow, {said['boxes']:,} boxes of {len(objects):,} objects in tiles of {TILE} px, overlap {overlap}: "
                  f"read in {said['read_seconds']:.2f} s, merged in {said['seconds']:.2f} s, "
                  f"at most {said['peak_bytes'] / 1e6:.0f} MB: "
                  + ", ".join(f"{value:,} {key}" for key, value in judge(objects, boxes).items()))


if __name__ == "__main__":
    bench_boxes(os.environ.get("IMFLOW_BINARY", str(ROOT / ".build-release/release/imflow")))
