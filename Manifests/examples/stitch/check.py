#!/usr/bin/env python3
"""Compares the stitched image with the filter on the whole image, pixel for pixel: check.py PICTURE STITCHED

Prints how many pixels differ; exits 1 when any does. Needs the `vips` command.
"""

import pathlib
import subprocess
import sys
import tempfile

SIGMA = 3


def vips(*words):
    run = subprocess.run(["vips", *map(str, words)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    return run.stdout.decode()


def field(image, name):
    header = subprocess.run(["vipsheader", "-f", name, image], check=True, stdout=subprocess.PIPE)
    return int(header.stdout)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    picture, stitched = sys.argv[1:]
    for name in ("width", "height", "bands"):
        if field(picture, name) != field(stitched, name):
            sys.exit(f"{name}: {field(picture, name)} in the picture, {field(stitched, name)} in the result")
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        vips("gaussblur", picture, scratch / "whole.v", SIGMA)
        vips("relational", scratch / "whole.v", stitched, scratch / "unequal.v", "noteq")
        share = float(vips("avg", scratch / "unequal.v")) / 255
    samples = field(picture, "width") * field(picture, "height") * field(picture, "bands")
    differing = round(share * samples)
    print(f"{field(picture, 'width')} x {field(picture, 'height')} px: {differing} of {samples} samples differ")
    sys.exit(0 if share == 0 else 1)


if __name__ == "__main__":
    main()
