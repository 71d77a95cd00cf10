import json, sys

part = json.load(sys.stdin)["input"]
print(json.dumps({"text": f"{part['title']}: {part['topic']} fills {part['weight']} pages."}))
