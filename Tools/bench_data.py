"""Tools/bench data: splitting and stitching a large image beside vips, GDAL, ImageMagick and Pillow, in one run.

20,000 x 20,000 px RGB, 512 px tiles, uncompressed TIFF on both sides, so that the codec costs nothing and every program
moves the same bytes. Each cuts the source into one file a tile, and puts the same tiles back into one image; each result
of ours is compared with the source, sample by sample."""

import hashlib
import os
import pathlib
import random
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".bench-rivals"
SIDE, TILE = 20_000, 512
COUNT = -(-SIDE // TILE)


def write_source(path, side):
    """An uncompressed RGB TIFF (TIFF 6.0, one strip a 16 rows) of noise, so that nothing is sparse or compresses."""
    rows = 16
    strips = -(-side // rows)
    size = side * 3
    noise = random.Random(1).randbytes(size * 64 + 64)
    entries = 10
    offsets_at = 8 + 2 + entries * 12 + 4
    counts_at = offsets_at + strips * 4
    bits_at = counts_at + strips * 4
    data = (bits_at + 6 + 15) // 16 * 16

    def entry(tag, kind, count, value):
        packed = struct.pack("<H", value) + b"\0\0" if kind == 3 and count == 1 else struct.pack("<I", value)
        return struct.pack("<HHI", tag, kind, count) + packed

    with open(path, "wb") as file:
        file.write(struct.pack("<2sHIH", b"II", 42, 8, entries))
        file.write(b"".join([
            entry(256, 4, 1, side), entry(257, 4, 1, side), entry(258, 3, 3, bits_at), entry(259, 3, 1, 1),
            entry(262, 3, 1, 2), entry(273, 4, strips, offsets_at), entry(277, 3, 1, 3), entry(278, 4, 1, rows),
            entry(279, 4, strips, counts_at), entry(284, 3, 1, 1)]))
        file.write(struct.pack("<I", 0))
        lengths = [min(rows, side - strip * rows) * size for strip in range(strips)]
        file.write(struct.pack(f"<{strips}I", *(data + strip * rows * size for strip in range(strips))))
        file.write(struct.pack(f"<{strips}I", *lengths))
        file.write(struct.pack("<3H", 8, 8, 8))
        file.write(b"\0" * (data - file.tell()))
        for row in range(side):
            start = row * 61 % (size * 63)
            file.write(noise[start:start + size])


def timed(command, **options):
    """Wall seconds, CPU seconds and peak memory in MB of a command with its children; None when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode != 0:
        print(f"  {command[0]} fails: {output.strip()[-300:]}", file=sys.stderr)
        return None
    return wall, cpu, usage.ru_maxrss / 1024, output


PILLOW_SPLIT = """
import sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
source, into, tile = sys.argv[1], sys.argv[2], int(sys.argv[3])
image = Image.open(source)
image.load()
for row, y in enumerate(range(0, image.height, tile)):
    for column, x in enumerate(range(0, image.width, tile)):
        box = (x, y, min(x + tile, image.width), min(y + tile, image.height))
        image.crop(box).save(f"{into}/tile-{row}-{column}.tif")
"""

PILLOW_STITCH = """
import sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
tiles, into, tile, side = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
image = Image.new("RGB", (side, side))
for row, y in enumerate(range(0, side, tile)):
    for column, x in enumerate(range(0, side, tile)):
        image.paste(Image.open(f"{tiles}/tile-{row}-{column}.tif"), (x, y))
image.save(into)
"""


class Bench:
    def __init__(self, imflow, folder, side, rounds):
        self.imflow, self.folder, self.side, self.rounds = imflow, folder, side, rounds
        self.source = folder / "source.tif"
        self.tiles = folder / "tiles"
        self.count = -(-side // TILE)

    def names(self):
        return [self.tiles / f"tile-{row}-{column}.tif" for row in range(self.count) for column in range(self.count)]

    def splits(self, into):
        size = str(TILE)
        yield "imflow", [self.imflow, "debug", "tiles", self.source, "--size", size, "--file", "tiff", "--into", into]
        if shutil.which("vips"):
            yield "vips dzsave", ["vips", "dzsave", self.source, into / "vips", "--tile-size", size, "--overlap", "0",
                                  "--depth", "one", "--layout", "google", "--suffix", ".tif[compression=none]"]
        if shutil.which("gdal_retile.py"):
            yield "gdal_retile", ["gdal_retile.py", "-q", "-ps", size, size, "-targetDir", into, self.source]
        yield "Pillow", [VENV / "bin/python", "-c", PILLOW_SPLIT, self.source, into, size]
        yield "ImageMagick", [*magick(self.folder), self.source, "-crop", f"{TILE}x{TILE}", "+repage", "-compress", "none",
                              into / "tile-%05d.tif"]

    def stitches(self, into):
        tile, side = str(TILE), str(self.side)
        target = into / "out.tif"
        yield "imflow", [self.imflow, "debug", "stitch", self.tiles, "--width", side, "--height", side, "--size", tile,
                         "--into", target], target
        yield "Pillow", [VENV / "bin/python", "-c", PILLOW_STITCH, self.tiles, target, tile, side], target
        if shutil.which("vips"):
            joined = " ".join(str(name) for name in self.names())
            yield "vips arrayjoin", ["vips", "arrayjoin", joined, f"{target}[compression=none]", "--across",
                                     str(self.count)], target
        if shutil.which("gdalbuildvrt"):
            yield "gdalbuildvrt", ["bash", "-ec", f'gdalbuildvrt -q "{into}/all.vrt" "{self.folder}"/geo/*.tif && '
                                   f'gdal_translate -q -of GTiff "{into}/all.vrt" "{target}"'], target
        yield "ImageMagick", [*magick(self.folder, "montage"), *self.names(), "-mode", "concatenate", "-tile",
                              f"{self.count}x{self.count}", "-compress", "none", target], target

    def run(self):
        write_source(self.source, self.side)
        figures = {}
        for round_ in range(self.rounds):
            for name, command in self.splits(self.folder / "into"):
                self.measure(figures, "split", name, command, round_)
        self.prepare_stitch()
        for round_ in range(self.rounds):
            for name, command, target in self.stitches(self.folder / "into"):
                self.measure(figures, "stitch", name, command, round_, check=target if name == "imflow" else None)
        return figures

    def measure(self, figures, what, name, command, round_, check=None):
        into = self.folder / "into"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        if (what, name) in figures and figures[what, name] is None:
            return
        os.sync()
        found = timed([str(word) for word in command])
        if found is None:
            figures[what, name] = None
            return
        if check is not None and round_ == 0:
            self.compare(check)
        figures.setdefault((what, name), []).append(found)

    def prepare_stitch(self):
        """The tiles that everybody stitches, and the same with places on a map, which GDAL cannot do without."""
        self.tiles.mkdir()
        found = timed([str(word) for word in next(self.splits(self.tiles))[1]])
        if found is None:
            sys.exit("bench: the tiles to stitch cannot be made")
        if shutil.which("gdal_retile.py"):
            geo, placed = self.folder / "geo", self.folder / "placed.vrt"
            geo.mkdir()
            subprocess.run(["gdal_translate", "-q", "-of", "VRT", "-a_ullr", "0", str(self.side), str(self.side), "0",
                            str(self.source), str(placed)], check=True)
            subprocess.run(["gdal_retile.py", "-q", "-ps", str(TILE), str(TILE), "-targetDir", str(geo), str(placed)],
                           check=True, stdout=subprocess.DEVNULL)

    def compare(self, target):
        """Both as raw samples through libvips."""
        def digest(path):
            raw = self.folder / "raw.v"
            subprocess.run(["vips", "rawsave", str(path), str(raw)], check=True)
            with open(raw, "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            raw.unlink()
            return found
        if digest(self.source) != digest(target):
            sys.exit("bench: what imflow stitched is not what it had split")


POLICY = """<policymap>
  <policy domain="resource" name="memory" value="8GiB"/><policy domain="resource" name="map" value="16GiB"/>
  <policy domain="resource" name="disk" value="16GiB"/><policy domain="resource" name="area" value="4GP"/>
  <policy domain="resource" name="width" value="64KP"/><policy domain="resource" name="height" value="64KP"/>
</policymap>
"""


def magick(folder, tool="convert"):
    """Debian's policy refuses images of this size: ours comes first on the path of settings."""
    (folder / "policy.xml").write_text(POLICY)
    return ["env", f"MAGICK_CONFIGURE_PATH={folder}", f"/usr/bin/{tool}"]


def show(figures):
    for what in ("split", "stitch"):
        rows = {name: found for (kind, name), found in figures.items() if kind == what and found}
        rivals = {name: statistics.median(row[0] for row in found) for name, found in rows.items() if name != "imflow"}
        print(f"{what}, {SIDE:,} x {SIDE:,} px RGB, {TILE} px tiles, uncompressed TIFF, median of "
              f"{len(next(iter(rows.values())))}")
        for name, found in rows.items():
            wall, cpu, memory = (statistics.median(row[place] for row in found) for place in range(3))
            print(f"  {name:15} {wall:6.2f} s wall {cpu:6.2f} s CPU {memory:7.0f} MB")
        if rivals and "imflow" in rows:
            best = min(rivals, key=rivals.get)
            ours = statistics.median(row[0] for row in rows["imflow"])
            print(f"  imflow takes {ours / rivals[best]:.2f} x the time of {best}, the fastest other one")
            for line in rows["imflow"][0][3].strip().splitlines():
                print(f"  imflow says: {line}")


def bench_data(imflow, rounds=3):
    if not (VENV / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    subprocess.run([VENV / "bin/pip", "install", "-q", "pillow"], check=True)
    with tempfile.TemporaryDirectory(prefix="imflow-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        show(Bench(imflow, pathlib.Path(name), SIDE, rounds).run())
