"""One candidate: a tour of the beam, or one by chance where there is none yet, with some crossings taken out."""

import json
import math
import random
import sys

TRIES = 60


def length(cities, tour):
    return sum(math.dist(cities[a], cities[b]) for a, b in zip(tour, tour[1:] + tour[:1]))


def turned(tour, start, end):
    return tour[:start] + tour[start:end][::-1] + tour[end:]


def moves(count):
    return [(start, end) for start in range(count) for end in range(start + 2, count + 1)]


request = json.load(sys.stdin)["input"]
cities, beam, seed = request["cities"], request["beam"], request["seed"]
chance = random.Random(seed)
tour = list(beam[seed % len(beam)]["tour"]) if beam else chance.sample(range(len(cities)), len(cities))
best = length(cities, tour)
possible = moves(len(cities))
for start, end in chance.choices(possible, k=TRIES):
    other = turned(tour, start, end)
    if length(cities, other) < best - 1e-9:
        tour, best = other, length(cities, other)
done = all(length(cities, turned(tour, start, end)) > best - 1e-9 for start, end in possible)
json.dump({"tour": tour, "length": round(best, 6), "score": -round(best, 6), "done": done}, sys.stdout)
