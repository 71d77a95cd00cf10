extension KeyTable {
    package static let settings = KeyBlock(
        ".imflow.yaml",
        [
            Key("severity", .textMap, "by code or slug: `error`, `warning`, `note` or `off`"),
            Key("overrides", .blocks(settingsOverride), "severities for some paths; a later one wins"),
            Key("exclude", .texts, "paths that a check of a folder leaves out, as in a `.gitignore`"),
        ])

    package static let settingsOverride = KeyBlock(
        "overrides",
        [
            Key("paths", .texts, required: true, "as in a `.gitignore`, relative to this file's folder"),
            Key("severity", .textMap, required: true, "by code or slug: `error`, `warning`, `note` or `off`"),
        ])
}
