"""Reads the words on one image with Tesseract: the request on standard input, the boxes on standard output.

The request is {"input": {"image_url": "file://…"}, "job": {"unit": {…}}}; the answer is a list of
{"box": [x0, y0, x1, y1], "class": "word", "score": 0…1, "text": "…"} in px of this image.

Of a tile, words that come within MARGIN px of a side where the page goes on are left out: they may be cut, and the
neighbour, which overlaps this tile by more than a word's size, has them whole.
"""

import csv
import json
import subprocess
import sys
import urllib.parse

MARGIN = 32
ONE_BLOCK_OF_TEXT = "6"


def read_words(path):
    """Tesseract's own rows at the word level."""
    command = ["tesseract", path, "stdout", "--psm", ONE_BLOCK_OF_TEXT, "--dpi", "300", "-l", "eng", "tsv"]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8")
    if run.returncode != 0:
        sys.exit(f"ocr-words: tesseract ended with {run.returncode}")
    for row in csv.DictReader(run.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip():
            yield row


def visible_part(unit):
    """The rectangle in which a word is whole: all of it at the page's own edges."""
    if "image_width" not in unit:
        return float("-inf"), float("-inf"), float("inf"), float("inf")
    right, bottom = unit["x"] + unit["width"], unit["y"] + unit["height"]
    return (
        MARGIN if unit["x"] > 0 else 0,
        MARGIN if unit["y"] > 0 else 0,
        unit["width"] - MARGIN if right < unit["image_width"] else unit["width"],
        unit["height"] - MARGIN if bottom < unit["image_height"] else unit["height"],
    )


def main():
    request = json.load(sys.stdin)
    path = urllib.parse.unquote(urllib.parse.urlparse(request["input"]["image_url"]).path)
    left, top, right, bottom = visible_part(request.get("job", {}).get("unit", {}))
    words = []
    for row in read_words(path):
        x, y = int(row["left"]), int(row["top"])
        box = [x, y, x + int(row["width"]), y + int(row["height"])]
        if box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom:
            score = round(max(0.0, float(row["conf"])) / 100, 4)
            words.append({"box": box, "class": "word", "score": score, "text": row["text"].strip()})
    json.dump(words, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
