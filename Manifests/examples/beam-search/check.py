#!/usr/bin/env python3
"""Holds the best tour against the shortest there is: cities on a circle are best visited round it."""

import json
import math
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    cities = json.load(file)["input"]["cities"]
with open(sys.argv[2], encoding="utf-8") as file:
    best = json.load(file)[0]
around = sorted(range(len(cities)), key=lambda city: math.atan2(cities[city][1], cities[city][0]))
shortest = sum(math.dist(cities[a], cities[b]) for a, b in zip(around, around[1:] + around[:1]))
print(f"{len(cities)} cities: {best['length']:.1f}, the shortest is {shortest:.1f}")
sys.exit(sorted(best["tour"]) != sorted(around) or abs(best["length"] - shortest) > 0.01)
