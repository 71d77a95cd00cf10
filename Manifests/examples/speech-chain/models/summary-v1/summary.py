"""An extractive summary: {"input": {"text": "…"}} (or "transcript") to {"summary": "…"}.

Picks whole sentences, writes none: a sentence counts for as much as its words are frequent in the text, and the best
third (at least one) stays, in the text's own order.
"""

import collections
import json
import math
import re
import sys

COMMON = set(
    "a about all also an and are as at be been but by can come could do for from get go going had has have he her here "
    "him his how i if in into is it its just like me more my no not now of on one or our out said say see she so some "
    "talk than that the their them then there they this time to two up us was we were what when which who will with "
    "would you your".split())


def sentences_of(text):
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]


def content_words(sentence):
    return [word for word in re.findall(r"[a-z']+", sentence.lower()) if word not in COMMON]


def summary(text):
    sentences = sentences_of(text)
    if not sentences:
        return ""
    counts = collections.Counter(word for sentence in sentences for word in content_words(sentence))

    def weight(index):
        words = content_words(sentences[index])
        return sum(counts[word] - 1 for word in words) / math.sqrt(len(words)) if words else 0.0

    kept = sorted(range(len(sentences)), key=lambda index: (-weight(index), index))[:max(1, len(sentences) // 3)]
    return " ".join(sentences[index] for index in sorted(kept))


def main():
    given = json.load(sys.stdin)["input"]
    text = given.get("text", given.get("transcript"))
    if not isinstance(text, str):
        sys.exit("summary-v1: the input has neither `text` nor `transcript`")
    json.dump({"summary": summary(text)}, sys.stdout)


if __name__ == "__main__":
    main()
