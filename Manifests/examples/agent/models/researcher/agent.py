import json, sys
from imflow_jobs import result, submit

topic = json.load(sys.stdin)["input"]["topic"]

# In sequence: the second job needs what the first has found.
outline = result(submit({"model": "outline", "input": {"topic": topic}}))["parts"]

# By priority: all are submitted at once; on few slots the weightiest parts are drafted first.
jobs = {part["title"]: submit({"model": "draft", "input": part}, priority=part["weight"]) for part in outline}
drafts = {title: result(job)["text"] for title, job in jobs.items()}

text = "\n".join(drafts[part["title"]] for part in outline)
words = result(submit({"model": "count", "input": {"text": text}}))["words"]
print(json.dumps({"text": text, "words": words}))
