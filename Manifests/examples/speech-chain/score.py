#!/usr/bin/env python3
"""Measures how well the chain heard: score.py TRUTH DETAILS

TRUTH is truth.txt of `speak`; DETAILS holds the text as JSON: an object with `text` or `transcript`, the result of
one of the first two stages. Prints the word error rate: insertions, deletions and substitutions over true words.
Exits 1 when it is above 0.15.
"""

import json
import pathlib
import re
import sys

LIMIT = 0.15


def words_of(text):
    return re.findall(r"[a-z0-9']+", text.lower())


def edit_distance(truth, heard):
    row = list(range(len(heard) + 1))
    for i, word in enumerate(truth, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    truth = words_of(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    result = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    errors = edit_distance(truth, words_of(result.get("text", result.get("transcript", ""))))
    rate = errors / max(1, len(truth))
    print(f"words: {len(truth)} said, {errors} errors; word error rate {rate:.3f}")
    sys.exit(0 if rate <= LIMIT else 1)


if __name__ == "__main__":
    main()
