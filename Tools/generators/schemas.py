"""The JSON Schemas (draft-07) of model.yaml and of job files, for editors and for other checkers."""

import json

from generators.table import LIST_LIMIT

NAME = r"[a-z0-9][a-z0-9._-]{0,62}"
AMOUNT = r"[0-9]+(\.[0-9]+)?"
DURATION = "^" + "".join(f"({AMOUNT}{unit})?" for unit in ("d", "h", "m", "s", "ms")) + "$"
LONGEST_SECONDS = 366 * 86400
# The bands of an image.
FILL_LIMIT = 1024
SIZE = "0{0,6}[1-9][0-9]{0,6}"
STRATEGY = f"^(none|lines|(batch|rows|lines|candidates)_{SIZE}|(tile|sequence|audio)_{SIZE}(_overlap_(0|{SIZE}))?)$"


def listed(items, **more):
    return {"type": "array", "items": items, "maxItems": LIST_LIMIT, **more}


def reference(block):
    return {"$ref": f"#/definitions/{block}"}


def bounds(key):
    return {"minimum": key.minimum, "maximum": key.maximum}


def text(key):
    return {"type": "string"} if key.fields.get("empty") else {"type": "string", "minLength": 1}


def choice(key):
    return {"type": "string", "enum": list(key.choices), "markdownEnumDescriptions": list(key.choices.values())}


def duration(key):
    least = {"minimum": 0} if key.fields.get("zero") else {"exclusiveMinimum": 0}
    return {"type": ["string", "number"], "pattern": DURATION, "minLength": 2, **least, "maximum": LONGEST_SECONDS}


def command(key):
    return {"type": ["string", "array"], "pattern": r"\S", "minItems": 1, "maxItems": LIST_LIMIT,
            "items": {"type": ["string", "number", "boolean"]}}


def pair(key):
    side = {"type": "integer", **bounds(key)}
    return {"type": ["integer", "array"], **bounds(key), "items": side, "minItems": 2, "maxItems": 2}


def members(key):
    known = {member.name: of_key(member) for member in key.members}
    return {"type": "object", "properties": known} if known else {"type": "object"}


def fill(key):
    return {"type": ["string", "number", "array"], "pattern": "^transparent$", "items": {"type": "number"}, "minItems": 1,
            "maxItems": FILL_LIMIT}


SHAPES = {
    "text": text,
    "word": lambda key: {"type": ["string", "number"]},
    "name": lambda key: {"type": "string", "pattern": f"^{NAME}$"},
    "job_id": lambda key: {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},
    "model_reference": lambda key: {"type": "string", "pattern": rf"^{NAME}(@[\s\S]+)?$"},
    "choice": choice,
    "choices": lambda key: listed(choice(key)),
    "names": lambda key: listed({"type": "string", "pattern": f"^{NAME}$"}),
    "texts": lambda key: listed({"type": "string", "minLength": 1}),
    "boolean": lambda key: {"type": "boolean"},
    "integer": lambda key: {"type": "integer", **bounds(key)},
    "number": lambda key: {"type": "number", **bounds(key)},
    "duration": duration,
    "bytes": lambda key: {"type": ["string", "number"], "pattern": f"^{AMOUNT}([kMGTP]|[KMGTP]i)?$",
                          "exclusiveMinimum": 0},
    "command": command,
    "url_path": lambda key: {"type": "string", "pattern": "^/"},
    "pair": pair,
    "fill": fill,
    "text_map": lambda key: {"type": "object", "additionalProperties": {"type": "string"},
                             "maxProperties": LIST_LIMIT},
    "condition": lambda key: {"type": "string", "minLength": 1, "maxLength": 4096},
    "members": members,
    "schema": lambda key: {"$ref": "http://json-schema.org/draft-07/schema#"},
    "block": lambda key: reference(key.block),
    "blocks": lambda key: listed(reference(key.block)),
    "gpu": lambda key: reference(key.block),
    "toggle": lambda key: reference(key.block),
    "split_strategy": lambda key: {"type": "string", "pattern": STRATEGY},
}


def of_key(key):
    schema = {"description": key.meaning, **SHAPES[key.type](key)}
    if key.has_default:
        schema["default"] = key.default
    if key.examples:
        schema["examples"] = key.examples
    return schema


def of_block(block, kinds):
    """`kinds`: the types of the keys that hold the block."""
    schema = {"description": block.doc, "type": "object"}
    if "gpu" in kinds:
        # true or a count stands for the mapping.
        count = next(key for key in block.keys if key.name == "count")
        schema |= {"type": ["boolean", "integer", "object"], **bounds(count)}
    if "toggle" in kinds:
        schema["type"] = ["boolean", "object"]
    schema["properties"] = {key.name: of_key(key) for key in block.keys}
    required = [key.name for key in block.keys if key.required]
    if required:
        schema["required"] = required
    return schema | {"patternProperties": {"^x-": {}}, "additionalProperties": False}


def document(table, root):
    """The schema of the file whose block is `root`, as a text."""
    kinds, pending = {}, [root]
    while pending:
        for key in table.blocks[pending.pop()].keys:
            if key.block:
                if key.block not in kinds:
                    pending.append(key.block)
                kinds.setdefault(key.block, set()).add(key.type)
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "title": f"imflow {table.blocks[root].name}"}
    schema |= of_block(table.blocks[root], set())
    schema["definitions"] = {name: of_block(table.blocks[name], kinds[name])
                             for name in table.blocks if name in kinds}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def swift(documents):
    """The Swift file that holds the schemas; `documents`: texts by the name of their member."""
    lines = ["// Made by Tools/generate from Grammar/keys.yaml. Do not edit.", "", "extension FileSchema {"]
    for name, schema in documents.items():
        lines += [f'    static let {name}Text = #"""']
        lines += [f"        {line}" for line in schema.rstrip("\n").split("\n")]
        lines += ['        """#', ""]
    return "\n".join(lines[:-1] + ["}"]) + "\n"
