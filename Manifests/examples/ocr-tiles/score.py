#!/usr/bin/env python3
"""Measures what the job read against what stands on the page.

    score.py TRUTH RESULT

TRUTH is truth.txt of render-page, RESULT the job's result (--result FILE). Words are compared as they are, letter for
letter, but for quotation marks, dashes and © (typography that plain ASCII text cannot tell). Recall is the share of
true words that were read, in order; precision the share of read words that are true, in order (the longest common
alignment). Exits 1 when either is below 0.97 or a word stands twice where it should stand once.
"""

import collections
import difflib
import json
import pathlib
import sys

PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "—": "--", "–": "-", "`": "'"})
REQUIRED = 0.97


def words_of(text):
    return text.translate(PLAIN).replace("©", "(C)").split()


def aligned(truth, read):
    """How many words stand in both, in the same order."""
    matcher = difflib.SequenceMatcher(None, truth, read, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()), matcher


def doubled(matcher, truth, read):
    """Words that the alignment had to insert and that repeat their neighbour."""
    twice = []
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind == "insert":
            twice += [read[i] for i in range(start, end)
                      if (i > 0 and read[i - 1] == read[i]) or (i + 1 < len(read) and read[i + 1] == read[i])]
    return twice


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    truth = words_of(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    read = words_of(json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))["text"])
    common, matcher = aligned(truth, read)
    bag = sum((collections.Counter(truth) & collections.Counter(read)).values())
    twice = doubled(matcher, truth, read)
    recall, precision = common / max(1, len(truth)), common / max(1, len(read))
    print(f"words: {len(truth)} true, {len(read)} read, {common} right and in order ({bag} right in any order)")
    print(f"recall {recall:.4f}, precision {precision:.4f}, doubled at seams {len(twice)} {twice or ''}".rstrip())
    sys.exit(0 if recall >= REQUIRED and precision >= REQUIRED and not twice else 1)


if __name__ == "__main__":
    main()
