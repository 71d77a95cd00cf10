"""Reads Grammar/keys.yaml, and refuses what is not as its head says."""

import re
import sys

try:
    import yaml
except ImportError:
    sys.exit("generate: needs PyYAML: Tools/install python3-yaml")

# Each type, and the attributes that it needs beside those of every key.
TYPES = {
    "text": (), "word": (), "name": (), "job_id": (), "model_reference": (), "choice": ("choices",),
    "choices": ("choices",), "names": (), "texts": (), "boolean": (), "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"), "duration": (), "bytes": (), "command": (), "url_path": (),
    "pair": ("minimum", "maximum"), "fill": (), "text_map": (), "condition": (), "members": (), "schema": (),
    "block": ("block",), "blocks": ("block",), "gpu": ("block",), "toggle": ("block",), "split_strategy": (),
}
ATTRIBUTES = {"type", "default", "otherwise", "since", "required", "only", "doc", "examples"}
# Attributes that one type may have.
SPECIAL = {"empty": "text", "zero": "duration", "known_members": "members"}
CONDITIONS = ("split_mode", "merge_strategy", "distributed_runtime")
# What a reader of a file can take at once.
LIST_LIMIT = 10_000


class Loader(yaml.SafeLoader):
    """Mappings without repeated keys."""

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise Problem(f"line {node.start_mark.line + 1}: the key {name} is there twice")
        return super().construct_mapping(node, deep)


class Problem(Exception):
    """Why the table cannot be used."""


def several(values):
    """One value, or several, as a list."""
    return values if isinstance(values, list) else [values]


class Key:
    def __init__(self, name, fields, where):
        self.name, self.where = name, f"{where}.{name}"
        if not isinstance(fields, dict) or fields.get("type") not in TYPES:
            raise Problem(f"{self.where}: needs a `type`, one of {', '.join(TYPES)}")
        self.type = fields["type"]
        self.check(fields)
        self.fields = fields
        self.doc = fields["doc"]
        self.since = fields.get("since")
        self.required = fields.get("required", False)
        self.choices = fields.get("choices", {})
        self.block = fields.get("block")
        self.minimum, self.maximum = fields.get("minimum"), fields.get("maximum")
        self.only = {condition: several(values) for condition, values in fields.get("only", {}).items()}
        self.otherwise = fields.get("otherwise")
        self.examples = fields.get("examples", [])
        self.members = [Key(name, dict(member, since="-"), self.where)
                        for name, member in fields.get("known_members", {}).items()]

    def check(self, fields):
        for attribute in fields:
            if attribute not in ATTRIBUTES | set(TYPES[self.type]) and SPECIAL.get(attribute) != self.type:
                raise Problem(f"{self.where}: `{attribute}` is nothing that a key of type {self.type} has")
        for attribute in ("doc", "since") + TYPES[self.type]:
            if attribute not in fields:
                raise Problem(f"{self.where}: has no `{attribute}`")
        if not isinstance(fields.get("choices", {}), dict):
            raise Problem(f"{self.where}: `choices` are a mapping of each choice to what it means")
        if not isinstance(fields["since"], str):
            raise Problem(f"{self.where}: `since` is a version in quotes")
        if not re.search(r"[.`]$", fields["doc"]):
            raise Problem(f"{self.where}: `doc` is a sentence")
        if "default" in fields and "otherwise" in fields:
            raise Problem(f"{self.where}: `default` and `otherwise` exclude each other")
        for name, values in fields.get("only", {}).items():
            if name not in CONDITIONS or ("any" in several(values)) != (name == "distributed_runtime"):
                raise Problem(f"{self.where}: `only` names one of {', '.join(CONDITIONS)} and its value")

    @property
    def has_default(self):
        return "default" in self.fields

    @property
    def default(self):
        return self.fields["default"]

    @property
    def default_text(self):
        """The default as a file has it."""
        return written(self.default)

    @property
    def condition(self):
        """What the key needs beside itself, as Markdown; empty: nothing."""
        for name, values in self.only.items():
            wanted = " or ".join(f"`{name}: {value}`" for value in values)
            return f"Only with `{name}`." if values == ["any"] else f"Only with {wanted}."
        return ""

    @property
    def meaning(self):
        """All that a person needs to know of the key but its type and default value."""
        parts = [self.doc, self.condition]
        if self.otherwise:
            parts.append(f"Default: {self.otherwise}.")
        return " ".join(part for part in parts if part)


class Block:
    def __init__(self, name, fields, groups):
        self.id, self.name, self.doc = name, fields["name"], fields["doc"]
        self.includes = fields.get("include", [])
        self.keys = [Key(key, value, name) for key, value in fields["keys"].items()]
        for group in self.includes:
            self.keys += groups[group]
        names = [key.name for key in self.keys]
        if len(set(names)) < len(names):
            raise Problem(f"{name}: a group has a key that the block has")


class Table:
    """`blocks` by id, and `groups` of keys by name, both in the order of the file."""

    def __init__(self, text):
        document = yaml.load(text, Loader)
        self.groups = {name: [Key(key, value, name) for key, value in keys.items()]
                       for name, keys in document["groups"].items()}
        self.blocks = {name: Block(name, fields, self.groups) for name, fields in document["blocks"].items()}
        for block in self.blocks.values():
            for key in block.keys:
                if key.block is not None and key.block not in self.blocks:
                    raise Problem(f"{key.where}: there is no block {key.block}")
                self.check_condition(key)

    def check_condition(self, key):
        for name, values in key.only.items():
            choices = next(other.choices for other in self.blocks["multi_node"].keys if other.name == name)
            for value in values:
                if value != "any" and value not in choices:
                    raise Problem(f"{key.where}: `only`: {name} has no choice {value}")

    def bottom_up(self):
        """The blocks, each after those that its keys name."""
        done = {}

        def add(block):
            for key in block.keys:
                if key.block and key.block not in done:
                    add(self.blocks[key.block])
            done.setdefault(block.id, block)

        for block in self.blocks.values():
            add(block)
        return list(done.values())


def written(value):
    """A value as YAML flow style on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return text.strip().removesuffix("...").strip()


def load(path):
    try:
        return Table(path.read_text(encoding="utf-8"))
    except (Problem, yaml.YAMLError) as problem:
        sys.exit(f"generate: {path.name}: {problem}")
    except (KeyError, TypeError, AttributeError) as problem:
        sys.exit(f"generate: {path.name}: is not of the form that its head says: {type(problem).__name__} {problem}")
