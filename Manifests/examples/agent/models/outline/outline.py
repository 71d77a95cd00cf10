import json, sys

topic = json.load(sys.stdin)["input"]["topic"]
parts = [("Sources", 1), ("What it is", 3), ("Where it is used", 2)]
print(json.dumps({"parts": [{"title": title, "topic": topic, "weight": weight} for title, weight in parts]}))
