"""Puts word boxes in reading order: the request on standard input, {"text", "lines", "words"} on standard output.

A rule, not a trained model: words whose middles are less than half a word's height apart stand on one line; lines
go from top to bottom, words from left to right.
"""

import json
import statistics
import sys


def lines_of(words):
    """The words of each line, from left to right; lines from top to bottom."""
    if not words:
        return []
    height = statistics.median(word["box"][3] - word["box"][1] for word in words)
    lines, middle = [], None
    for word in sorted(words, key=lambda word: (word["box"][1] + word["box"][3], word["box"][0])):
        own = (word["box"][1] + word["box"][3]) / 2
        if middle is None or own - middle > height / 2:
            lines.append([])
            middle = own
        lines[-1].append(word)
        middle += (own - middle) / len(lines[-1])
    return [sorted(line, key=lambda word: (word["box"][0], word["box"][1])) for line in lines]


def main():
    words = json.load(sys.stdin)["input"]["words"]
    lines = [" ".join(word["text"] for word in line) for line in lines_of(words)]
    result = {"text": "\n".join(lines), "lines": len(lines), "words": len(words)}
    json.dump(result, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
