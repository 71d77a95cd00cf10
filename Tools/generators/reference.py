"""The reference page of the keys."""

from generators.table import written

HEAD = """# The keys of model.yaml and of job files

Made by `Tools/generate` from [keys.yaml](keys.yaml). Keys that start with `x-` are the author's own, at every place where
keys stand. How times, amounts and commands are written: [amounts.md](amounts.md); conditions:
[conditions.md](conditions.md).

## In an editor

`imflow schema model` and `imflow schema job` print JSON Schemas (draft-07) of the two kinds of files. An editor that uses
yaml-language-server completes and explains keys, and marks mistakes of shape, when it knows them:

```sh
imflow schema model > .imflow/model.schema.json
imflow schema job > .imflow/job.schema.json
```

as the first line of a file:

```yaml
# yaml-language-server: $schema=.imflow/model.schema.json
```

or for a whole workspace, in VS Code's `settings.json`:

```json
{
  "yaml.schemas": {
    ".imflow/model.schema.json": ["model.yaml", "imflow.yaml", "*.imflow.yaml"],
    ".imflow/job.schema.json": ["job.yaml", "*.job.yaml"]
  },
  "json.schemas": [{"fileMatch": ["job.json", "*.job.json"], "url": "./.imflow/job.schema.json"}]
}
```

A schema sees one file and its shape; `imflow check` finds the rest.

## Rounds

A stage `search` with `repeat: {times: 3}` becomes the stages `search@1`, `search@2` and `search@3`, and `search`, which hands
on the result of the last round that ran. Others name and see `search` alone. A round sees what the round before it published
nearest of all, then what the stage sees, and nothing of older rounds. `when` is asked before the first round; `until` before
each further one, over what that round is bound to. Where a round is skipped, all later ones are. The seeds of `candidates` go
on from round to round. A pipeline is repeated as a whole.

## Stages that start shard by shard

A stage starts a shard as soon as the same shard of the stage before it is done, rather than when all are, where both keep the
same units; `imflow plan` says `follows … without a barrier`. To get this:

- the first stage is split in any mode, has an `output_key`, and its `merge_strategy` is `none`, or `concat-json` with an
  `output_schema` by which one answer is never a list; it has no `reducer`, and its `on_failure` is not `partial`;
- the second `needs` it, has its `output_key` as `input_key`, and `split_mode: batch` with `batch_size: 1`;
- both have the same `max_shards`, and neither has a `when`, a gang, or a literal `input` of that key.
"""

TYPES = {
    "text": "string", "word": "string or number", "name": "name", "job_id": "job id",
    "model_reference": "model: `id` or `id@version`", "names": "list of stage names", "texts": "list of strings", "boolean": "boolean",
    "duration": "time", "bytes": "amount", "command": "command: string or list", "url_path": "path, starts with `/`",
    "text_map": "mapping of strings to strings", "condition": "condition", "members": "mapping",
    "schema": "JSON Schema: mapping or boolean", "fill": "number, list of numbers, or `transparent`",
}


def plain(number):
    return f"{number:,}" if isinstance(number, int) else str(number)


def type_of(key):
    if key.type in TYPES:
        return TYPES[key.type]
    if key.type in ("choice", "choices"):
        listed = ", ".join(f"`{choice}`" for choice in key.choices)
        return f"one of {listed}" if key.type == "choice" else f"list of {listed}"
    span = f"{plain(key.minimum)} to {plain(key.maximum)}" if key.minimum is not None else ""
    if key.type == "integer":
        return f"integer, {span}"
    if key.type == "number":
        return f"number, {span}"
    if key.type == "pair":
        return f"integer or `[x, y]`, {span}"
    link = f"[{key.block}](#{key.block})"
    return {"block": link, "blocks": f"list of {link}", "gpu": f"boolean, integer or {link}",
            "toggle": f"boolean or {link}"}[key.type]


def cell(text):
    return text.replace("|", "\\|")


def default(key):
    if key.required:
        return "required"
    if key.has_default:
        return f"`{key.default_text}`"
    return key.otherwise or ""


def examples(key):
    return ", ".join(f"`{written(example)}`" for example in key.examples)


def row(key):
    meaning = " ".join(part for part in (key.doc, key.condition) if part)
    if key.examples:
        meaning += f" For example {examples(key)}."
    cells = (f"`{key.name}`", type_of(key), default(key), key.since, meaning)
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def details(block):
    """What stands below the table: the meaning of each choice, and of the members that imflow knows."""
    for key in block.keys:
        for member in key.members:
            yield f"- `{member.name}` in `{key.name}`: {member.doc} For example {examples(member)}."
        if key.choices:
            yield f"- `{key.name}`: " + " ".join(f"`{name}`: {doc}" for name, doc in key.choices.items())


def keys_of(keys):
    return ["| key | type | default | since | meaning |", "|---|---|---|---|---|"] + [row(key) for key in keys]


def title(block, table):
    """Links lead to ids; to a file's own block none does."""
    if block.name == block.id:
        return block.id
    linked = any(key.block == block.id for other in table.blocks.values() for key in other.keys)
    return f"{block.id}\n\nCalled `{block.name}` in messages." if linked else block.name


def render(table):
    lines = [HEAD]
    for block in table.blocks.values():
        lines += [f"## {title(block, table)}", "", block.doc, ""] + keys_of(block.keys)
        explained = list(details(block))
        lines += ([""] + explained if explained else []) + [""]
    return "\n".join(lines[:-1]) + "\n"
