"""Makes a raw transcript readable: {"input": {"transcript": "…"}} to {"text": "…"}.

Rules, not a language model: each line is a sentence with a capital and a full stop; names of days and months and the
word I get capitals; a word said twice in a row, and the hesitations that PocketSphinx writes, are dropped.
"""

import json
import sys

NAMES = set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july august september "
    "october november december english american".split())
HESITATIONS = {"ah", "uh", "um", "hm"}


def sentence(line):
    words = []
    for word in line.split():
        if word in HESITATIONS or (words and words[-1].lower() == word):
            continue
        is_name = word in NAMES or word == "i" or word.startswith("i'")
        words.append(word.capitalize() if is_name else word)
    if not words:
        return ""
    text = " ".join(words)
    return text[0].upper() + text[1:] + "."


def main():
    transcript = json.load(sys.stdin)["input"]["transcript"]
    sentences = [sentence(line) for line in transcript.splitlines()]
    json.dump({"text": " ".join(text for text in sentences if text)}, sys.stdout)


if __name__ == "__main__":
    main()
