import ImflowPlan

/// Every key of `model.yaml` and `job.json`: the one table that the reader, the unknown-key check and its nearest
/// names, and the files' schemas are made from.
package enum KeyTable {
    /// Bounds that keep one file from asking for more than a machine has.
    static let count = 1...65_536
    static let pixels = 1...1_000_000
    static let anyInteger = Int(Int32.min)...Int(Int32.max)

    package static let manifest = KeyBlock(
        "model.yaml",
        [
            Key("name", .name, "what jobs refer to; default: the folder's name"),
            Key("version", .word, "free text or semver"),
            Key("description", .text, "shown to people"),
            Key("labels", .textMap, "shown to people"),
            Key(
                "image", .text,
                "OCI reference of the container image; absent: the model runs as a process in its folder"),
            Key("entrypoint", .command, "a string is run by `runtime`, a list is the argv"),
            Key("runtime", .word, "informative, and the interpreter for a string entrypoint"),
            Key(
                "protocol", .choice(CallProtocol.allCases.map(\.rawValue)),
                "how it is called; `rest` with port or image, else `exec`"),
            Key("port", .integer(1...65_535), "for `rest`; 9000"),
            Key("path", .urlPath, "for `rest`; `/inference`"),
            Key("health", .urlPath, "for `rest`; `/health`"),
            Key("concurrency", .integer(1...1024), "requests one instance takes at once; 1"),
            Key("env", .textMap, "environment; `${NAME}` takes the submitter's variable"),
            Key("hooks", .block(hooks), "run inside the instance before its first request"),
            Key("resources", .block(resources), "what one attempt may use"),
            Key("requires", .block(requires), "which nodes may run it"),
            Key("input_schema", .schema, "JSON Schema draft-07 of the input"),
            Key("output_schema", .schema, "JSON Schema draft-07 of the result"),
            Key("multi_node", .block(multiNode), "splitting, merging, gangs"),
            Key("chained_models", .blocks(chainedModel), "this manifest is a pipeline of these stages"),
        ] + policies)

    package static let job = KeyBlock(
        "job",
        [
            Key("job_id", .jobID, "default: generated"),
            Key("input", .members, "the job's input; `split_strategy` in it overrides the model's split"),
            Key("shard_count", .integer(count), "most shards of the stage that is split"),
            Key("model", .modelReference, "the model to run, where there is no `job_graph`"),
            Key("job_graph", .block(jobGraph), "the stages to run"),
            Key("multi_node", .block(multiNode), "laid over the `multi_node` of the stage that is split"),
            Key("priority", .integer(anyInteger), "of every stage that has none; larger goes first; 0"),
        ] + policies)

    package static let jobGraph = KeyBlock(
        "job_graph", [Key("stages", .blocks(jobStage), required: true, "the stages of the job")])

    package static let jobStage = KeyBlock(
        "stage",
        [
            Key("name", .name, "default: the model's id, `-2`, `-3` … when repeated"),
            Key("model", .modelReference, required: true, "the model it calls"),
        ] + stage)

    package static let chainedModel = KeyBlock(
        "chained_models",
        [
            Key("name", .name, "default: the model's id, `-2`, `-3` … when repeated"),
            Key("model_id", .modelReference, required: true, "the model it calls"),
        ] + stage)

    private static let stage =
        [
            Key("input_key", .text, "the stage gets `{input_key: value}`; default: the whole context of its upstreams"),
            Key("output_key", .text, "the name under which the result is published; default: the result's members"),
            Key("needs", .names, "stages that must have succeeded; none anywhere: a chain in file order"),
            Key("input", .members, "literal members laid over the bound input"),
            Key("when", .condition, "run only if this holds"),
            Key("priority", .integer(anyInteger), "larger goes first; 0"),
            Key("multi_node", .block(multiNode), "laid over the model's `multi_node`"),
        ] + policies

    private static let policies = [
        Key("timeout", .duration(zeroAllowed: false), "of one attempt; default: none"),
        Key("queue_timeout", .duration(zeroAllowed: false), "from ready to started; default: none"),
        Key("job_timeout", .duration(zeroAllowed: false), "of the whole job; default: none"),
        Key("retry", .block(retry), "when the model's own failures are tried again"),
        Key("on_failure", .choice(FailurePolicy.allCases.map(\.rawValue)), "`fail`"),
        Key("min_success_ratio", .number(0...1), "with `partial`: the share of shards that must succeed; 0"),
        Key("cache", .boolean, "true: reuse another job's result for the same work; false"),
    ]

    package static let retry = KeyBlock(
        "retry",
        [
            Key("maximum_attempts", .integer(1...1000), "the first included; 1"),
            Key("initial_interval", .duration(zeroAllowed: true), "1s"),
            Key("backoff_coefficient", .number(1...100), "2"),
            Key("maximum_interval", .duration(zeroAllowed: true), "60s"),
            Key("retry_on", .choices([Cause.app, .timeout, .oom].map(\.rawValue)), "causes; all three"),
        ])

    package static let hooks = KeyBlock(
        "hooks",
        [
            Key("init", .command, "once, before the model starts"),
            Key("warmup", .command, "once, when it has started"),
            Key("health", .command, "exits with 0 when the model is ready"),
        ])

    package static let resources = KeyBlock(
        "resources",
        [
            Key("cpu", .number(0.001...4096), "cores"),
            Key("memory", .bytes, "`4Gi`, `512Mi`"),
            Key("disk", .bytes, "`4Gi`, `512Mi`"),
            Key("gpu", .gpu(gpu), "true, a count, or a mapping"),
        ])

    package static let gpu = KeyBlock(
        "gpu",
        [
            Key("count", .integer(0...1024), "1"),
            Key("memory", .bytes, "of each GPU"),
            Key("compute_capability", .number(1...100), "at least this"),
        ])

    package static let requires = KeyBlock(
        "requires",
        [
            Key("tier", .word, "0, 1, 2, 3 or X"),
            Key("region", .text, "where the node is"),
            Key("arch", .choice(["x86_64", "arm64"]), "of the node's processor"),
            Key("labels", .textMap, "that the node has"),
        ])
}
