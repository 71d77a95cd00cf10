import ImflowIR

/// Words and marks of the language, for texts that are nearly right.
enum Vocabulary {
    static let words: [String] = keys + values

    private static var keys: [String] {
        let blocks = [
            KeyTable.manifest, KeyTable.job, KeyTable.jobGraph, KeyTable.jobStage, KeyTable.chainedModel,
            KeyTable.multiNode, KeyTable.merge, KeyTable.retry, KeyTable.hooks, KeyTable.resources, KeyTable.gpu,
            KeyTable.requires, KeyTable.hedge, KeyTable.repeat,
        ]
        return blocks.flatMap { $0.keys.map(\.name) } + [
            "type", "properties", "required", "additionalProperties", "items", "format", "pattern", "$ref", "$id",
            "definitions", "enum", "const", "allOf", "anyOf", "not", "if", "then", "split_strategy", "x-own", "<<",
        ]
    }

    private static let values: [String] = [
        "true", "false", "null", "~", "yes", "no", "on", "0", "1", "-1", "0777", "0o17", "0x1F", "1e3", "1.10", ".inf",
        ".nan", "12:30", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e999", "1e-999",
        "4Gi", "4GB", "512Mi", "1.5h", "30s", "1h30m", "0s", "400d", "tile", "batch", "sequence", "lines",
        "candidates", "none", "tile_512", "batch_8", "sequence_2048_overlap_128", "concat-json", "detections",
        "json-merge", "tile-stitch", "vote", "top-k", "mean", "ray", "mpi", "worker", "head", "rest", "exec", "jsonl",
        "fail", "partial", "app", "string", "object", "array", "integer", "number", "boolean", "a", "a@1", "a@2.0",
        "'a'", "\"a\"", "\"\"", "[]", "{}", "[a, b]", "{a: 1}", "'score >= 0.5'", "!a", "a && (b || !c.d)", "#/", "#",
        "^(a|b)*$", "[^\\\\d]{2,9}", "\"\\u00e9\"", "é", "😀", "*a", "&a 1", "!!str 1", "!!int a", "!own 1", "|", ">-",
    ]

    static let fragments: [String] = [
        "\n", "\r\n", "\r", "\t", " ", "  ", "\n  ", ":", ": ", ":\n", "-", "- ", "\n- ", "? ", "[", "]", "{", "}", ",",
        ", ", "#", " #", " # imflow: ignore[unknown-key] x\n", "&a ", "*a", "<<: ", "\n<<: *a\n", "!!int ", "!!str ", "!",
        "!<tag:yaml.org,2002:str> ", "|\n", "|2-\n", ">\n", "'", "\"", "\\", "\\u", "\\ud83d\\ude00", "---\n", "...\n",
        "%YAML 1.2\n", "%TAG ! tag:a,2000:\n", "é", "😀", "\u{FEFF}", "\u{85}", "\u{2028}", "\u{2029}", "\0", "\u{7F}",
        "\u{FFFE}", "@", "`", "%%% models/a/model.yaml\n", "%%% b.job.json\n", "\n%%% b/job.yaml\n", "name: a\n",
        "{\"a\": 1}", "//", "null",
    ]
}
