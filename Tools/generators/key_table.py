"""The Swift table that the reader of files works by."""

SIMPLE = {
    "text": ".text", "word": ".word", "name": ".name", "job_id": ".jobID", "model_reference": ".modelReference",
    "names": ".names", "texts": ".texts", "boolean": ".boolean", "bytes": ".bytes", "command": ".command", "url_path": ".urlPath",
    "text_map": ".textMap", "condition": ".condition", "members": ".members", "schema": ".schema",
    "fill": ".fill",
}

# Names of blocks that are words of the language.
SWIFT_WORDS = {"repeat"}


def camel(name):
    """`top-k` and `job_graph` as Swift names."""
    words = name.replace("_", "-").split("-")
    if name in SWIFT_WORDS:
        return f"`{name}`"
    return words[0] + "".join("JSON" if word == "json" else word.capitalize() for word in words[1:])


def string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(value):
    """A literal, with `_` between thousands where it is long."""
    return f"{value:_}" if abs(value) >= 10_000 else str(value)


def type_of(key):
    if key.type in SIMPLE:
        return SIMPLE[key.type]
    if key.type in ("choice", "choices"):
        return f".{key.type}([{', '.join(string(choice) for choice in key.choices)}])"
    if key.type in ("integer", "number", "pair"):
        return f".{key.type}({number(key.minimum)}...{number(key.maximum)})"
    if key.type == "duration":
        return f".duration(zeroAllowed: {'true' if key.fields.get('zero') else 'false'})"
    return f".{key.type}({camel(key.block)})"


def key_line(key):
    parts = [string(key.name), type_of(key)]
    if key.required:
        parts.append("required: true")
    if key.has_default:
        parts.append(f"default: {string(key.default_text)}")
    parts += [f"since: {string(key.since)}", string(key.meaning)]
    if key.choices:
        meanings = ", ".join(f"{string(name)}: {string(meaning)}" for name, meaning in key.choices.items())
        parts.append(f"choices: [{meanings}]")
    return f"Key({', '.join(parts)}),"


def block_lines(block, groups):
    own = block.keys[:len(block.keys) - sum(len(groups[group]) for group in block.includes)]
    lines = [f"    /// The keys of `{block.name}`.", f"    package static let {camel(block.id)} = KeyBlock(",
             f"        {string(block.name)}, {string(block.doc)},", "        ["]
    lines += [f"            {key_line(key)}" for key in own]
    return lines + ["        ]" + "".join(f" + {group}" for group in block.includes) + ")", ""]


def options(table, block, condition, kind, sentence):
    found = [(key.name, key.only[condition]) for key in table.blocks[block].keys if condition in key.only]
    lines = [f"    /// {sentence}", f"    package static let {camel(block_option(condition))}: {kind} = ["]
    if condition == "distributed_runtime":
        lines += [f"        {string(name)}," for name, _ in found]
    else:
        for name, values in found:
            wanted = ", ".join(f".{camel(value)}" for value in values)
            lines.append(f"        {string(name)}: {f'[{wanted}]' if condition == 'split_mode' else wanted},")
    return lines + ["    ]", ""]


def block_option(condition):
    return {"split_mode": "split_options", "merge_strategy": "merge_options",
            "distributed_runtime": "gang_options"}[condition]


def render(table):
    lines = ["// Made by Tools/generate from Grammar/keys.yaml. Do not edit.", "", "package import ImflowPlan", "",
             "/// Every key of `model.yaml`, of job files and of `.imflow.yaml`: the table that the reader, the unknown-key check and its",
             "/// nearest names, the formatter and the editors' help work by.", "package enum KeyTable {"]
    for block in table.blocks.values():
        lines += block_lines(block, table.groups)
    for name, keys in table.groups.items():
        lines += [f"    private static let {camel(name)} = ["]
        lines += [f"        {key_line(key)}" for key in keys]
        lines += ["    ]", ""]
    lines += ["    /// Every block, those of files first.", "    package static let blocks: [KeyBlock] = ["]
    lines += [f"        {camel(block)}," for block in table.blocks]
    lines += ["    ]", ""]
    lines += options(table, "multi_node", "split_mode", "[String: [SplitMode]]",
                     "The keys of `multi_node` that only some split modes know.")
    lines += options(table, "merge", "merge_strategy", "[String: MergeStrategy]",
                     "The keys of `merge` that only one strategy knows.")
    lines += options(table, "multi_node", "distributed_runtime", "Set<String>",
                     "The keys of `multi_node` that only gangs know.")
    return "\n".join(lines[:-1] + ["}"]) + "\n"
