// Made by Tools/generate from Grammar/keys.yaml. Do not edit.

package import ImflowPlan

/// Every key of `model.yaml`, of job files and of `.imflow.yaml`: the table that the reader, the unknown-key check and its
/// nearest names, the formatter and the editors' help work by.
package enum KeyTable {
    /// The keys of `model.yaml`.
    package static let manifest = KeyBlock(
        "model.yaml", "A model: a program or a container that answers one request, or, with `chained_models`, a pipeline of other models. The file is called `model.yaml`, `imflow.yaml` or `*.imflow.yaml`.",
        [
            Key("name", .name, since: "0.1", "What jobs and pipelines refer to. Default: the folder's name."),
            Key("version", .word, since: "0.1", "The model's version, free text or semver. A reference `id@version` asks for it."),
            Key("description", .text, since: "0.1", "Shown to people."),
            Key("labels", .textMap, since: "0.1", "Shown to people."),
            Key("image", .text, since: "0.1", "OCI reference of the container image that the model runs in. Default: a process in the model's folder."),
            Key("entrypoint", .command, since: "0.1", "What is started. A list is the argv; a string is split into words as a shell does, and is run by `runtime` where that is an interpreter: `python3.10` makes `serve.py` into `python3.10 serve.py`. Default: the image's own command."),
            Key("runtime", .word, since: "0.1", "The interpreter of a string `entrypoint`, such as `python3.10`; any other word is only informative."),
            Key("max_parallel", .integer(1...65_536), since: "0.2", "Most calls of the model at once, over all stages of a job. Default: as many as there are slots."),
            Key("network", .choice(["none", "outbound"]), default: "none", since: "0.6", "What the model's container may reach. `imflow plan` shows a model that reaches out.", choices: ["none": "Nothing but the engine that calls it.", "outbound": "Whatever the machine reaches, with a resolver for names; nobody reaches the container."]),
            Key("protocol", .choice(["rest", "exec", "jsonl", "oip", "cog"]), since: "0.1", "How the model is called. Default: `rest` with `port` or `image`, else `exec`.", choices: ["rest": "An instance listens on `port` and answers `POST path`; it stays warm between requests.", "exec": "The program is started for each unit, with the request on its standard input.", "jsonl": "The program is started once; it reads a request a line and writes a reply a line.", "oip": "An instance is a server of the Open Inference Protocol v2, such as MLServer, Triton or KServe's.", "cog": "An instance is a server that Cog made; it is asked by `PUT /predictions/{id}`."]),
            Key("port", .integer(1...65_535), default: "9000", since: "0.1", "Where a server listens; without it, 8080 with `protocol: oip` and 5000 with `protocol: cog`."),
            Key("path", .urlPath, default: "/inference", since: "0.1", "Where a server takes requests; without it, `/v2/models/` and the model's name with `protocol: oip`, and `/predictions` with `protocol: cog`."),
            Key("health", .urlPath, default: "/health", since: "0.1", "What a server is asked until it is ready: 200 says so. Where a `rest` model answers 404, an open port is enough. Without it, `/v2/health/ready` with `protocol: oip` and `/health-check` with `protocol: cog`, which says its state."),
            Key("concurrency", .integer(1...1024), default: "1", since: "0.1", "How many requests one instance takes at once."),
            Key("min_instances", .integer(0...1024), default: "0", since: "0.6", "How many warm instances are started with the first call of a job and kept even when idle, never more than there are slots."),
            Key("max_instances", .integer(1...1024), since: "0.6", "Most warm instances at once. Default: as many as there are slots."),
            Key("idle_timeout", .duration(zeroAllowed: false), default: "120s", since: "0.6", "A warm instance beyond `min_instances` that nobody wanted for so long is stopped."),
            Key("start_timeout", .duration(zeroAllowed: false), default: "60s", since: "0.6", "How long a warm instance may take from its start until it is ready and its hooks are done. An attempt's `timeout` does not run meanwhile."),
            Key("env", .textMap, since: "0.1", "Environment of the model. `${NAME}` in a value takes the submitter's variable, which is where secrets belong."),
            Key("hooks", .block(hooks), since: "0.1", "Commands that are run inside a warm instance before its first request, or now and then."),
            Key("resources", .block(resources), since: "0.1", "What one attempt may use."),
            Key("requires", .block(requires), since: "0.1", "Which nodes may run the model."),
            Key("input_schema", .schema, since: "0.1", "JSON Schema (draft-07) of the model's input. It is checked before each call."),
            Key("output_schema", .schema, since: "0.1", "JSON Schema (draft-07) of the model's result. It is checked after each call."),
            Key("multi_node", .block(multiNode), since: "0.1", "How the model's input is cut into units and their results are merged, or which gang it runs as."),
            Key("chained_models", .blocks(chainedModel), since: "0.1", "Makes this manifest a pipeline of these stages. Without any `needs` they run in this order."),
        ] + policies)

    /// The keys of `job`.
    package static let job = KeyBlock(
        "job", "One submission: a model or a graph of stages, and its input. The file is called `job.json`, `*.job.json`, `job.yaml` or `*.job.yaml`.",
        [
            Key("job_id", .jobID, since: "0.1", "The job's id, under which it is resumed. Default: generated, like `bd92-e3f1`."),
            Key("model", .modelReference, since: "0.1", "The model to run, where there is no `job_graph`."),
            Key("job_graph", .block(jobGraph), since: "0.1", "The stages to run."),
            Key("input", .members, since: "0.1", "The job's input. A string under a key that ends in `_url` or `_uri` names a file or an address, and is fetched. `split_strategy` in it overrides how the model splits, and is not handed on."),
            Key("shard_count", .integer(1...65_536), since: "0.1", "Most shards of the stage that is split. Not more than the model's `max_shards`. Default: the model's `max_shards`."),
            Key("multi_node", .block(multiNode), since: "0.1", "Laid over the `multi_node` of the stage that is split."),
            Key("priority", .integer(-2_147_483_648...2_147_483_647), default: "0", since: "0.1", "Larger goes first: against other jobs on the same machine, and for every stage that has no priority of its own."),
            Key("max_parallel", .integer(1...65_536), since: "0.2", "Most calls of the job at once, over all its stages. Default: as many as there are slots."),
        ] + policies)

    /// The keys of `job_graph`.
    package static let jobGraph = KeyBlock(
        "job_graph", "The graph of a job.",
        [
            Key("stages", .blocks(jobStage), required: true, since: "0.1", "The stages of the job. Without any `needs` they run in this order."),
        ])

    /// The keys of `stage`.
    package static let jobStage = KeyBlock(
        "stage", "A stage of a job's graph, a member of `job_graph.stages`: one call of a model.",
        [
            Key("name", .name, since: "0.1", "The stage's name, unique in its graph. Default: the model's id, with `-2`, `-3` … when repeated."),
            Key("model", .modelReference, required: true, since: "0.1", "The model that the stage calls."),
        ] + stage + policies)

    /// The keys of `chained_models`.
    package static let chainedModel = KeyBlock(
        "chained_models", "A stage of a pipeline, a member of `chained_models`: one call of a model.",
        [
            Key("name", .name, since: "0.1", "The stage's name, unique in its graph. Default: the model's id, with `-2`, `-3` … when repeated."),
            Key("model_id", .modelReference, required: true, since: "0.1", "The model that the stage calls."),
        ] + stage + policies)

    /// The keys of `multi_node`.
    package static let multiNode = KeyBlock(
        "multi_node", "Splitting, merging, gangs. The input is cut into units, neighbouring units are bundled into shards, and the results are merged in the units' order, whichever shard ends first.",
        [
            Key("enabled", .boolean, default: "true", since: "0.1", "Whether the block is in force."),
            Key("split_mode", .choice(["tile", "batch", "sequence", "lines", "candidates", "rows", "audio", "none"]), since: "0.1", "What the input is cut into. Default: not split.", choices: ["tile": "An image is cut into tiles.", "batch": "A list is cut into batches.", "sequence": "A text is cut into windows.", "lines": "A text is cut into lines.", "candidates": "The same input is called for several times, each with its own `seed`.", "rows": "A table (CSV, TSV or JSON Lines) is cut into runs of rows.", "audio": "A recording is cut into windows of time.", "none": "Not split."]),
            Key("split_key", .text, since: "0.1", "Which member of the input is cut. Default: the only member that fits the mode."),
            Key("tile_size", .pair(1...1_000_000), default: "512", since: "0.1", "Size of a tile in px, one number for both sides or `[width, height]`. Tiles at an edge are smaller. Only with `split_mode: tile`."),
            Key("tile_overlap", .pair(0...1_000_000), default: "0", since: "0.1", "How many px neighbouring tiles share, one number for both axes or `[x, y]`. Less than the tile's size. Only with `split_mode: tile`."),
            Key("tile_pad", .boolean, default: "false", since: "0.1", "Whether tiles at an edge are padded to the full size. Only with `split_mode: tile`."),
            Key("tile_whole", .boolean, default: "false", since: "0.1", "Whether there is one unit more than tiles: the whole image, scaled down to fit a tile. It is for objects that are larger than a tile. Only with `split_mode: tile`."),
            Key("tile_file", .choice(["auto", "png", "tiff", "source"]), default: "auto", since: "0.3", "What a model gets of its tile. Only with `split_mode: tile`.", choices: ["auto": "A PNG for 8 and 16 bit pixels of up to four bands, else an uncompressed TIFF.", "png": "A PNG; an image whose pixels do not fit is refused.", "tiff": "An uncompressed TIFF, which takes the least time.", "source": "The whole image, upright, in a file of which any rectangle is read fast; nothing is cut, and the unit's geometry says which rectangle is meant."]),
            Key("batch_size", .integer(1...1_000_000), default: "1", since: "0.1", "How many items of the list, or rows of the table, make a unit. Only with `split_mode: batch` or `split_mode: rows`."),
            Key("sequence_length", .integer(1...1_000_000), default: "2048", since: "0.1", "How many `sequence_unit`s make a window. Only with `split_mode: sequence`."),
            Key("sequence_overlap", .integer(0...1_000_000), default: "0", since: "0.1", "How many `sequence_unit`s neighbouring windows share. Less than `sequence_length`. Only with `split_mode: sequence`."),
            Key("sequence_unit", .choice(["chars", "words", "lines"]), default: "words", since: "0.1", "What a window's length is counted in. Only with `split_mode: sequence`.", choices: ["chars": "Characters.", "words": "Words.", "lines": "Lines."]),
            Key("row_format", .choice(["csv", "tsv", "jsonl"]), since: "0.2", "How the table is written. Only with `split_mode: rows`. Default: by the file's extension.", choices: ["csv": "Comma-separated values (RFC 4180).", "tsv": "The same, separated by tabs.", "jsonl": "JSON Lines, one value a line."]),
            Key("row_header", .boolean, default: "true", since: "0.2", "Whether the first row of a CSV or TSV names the columns: a row is then an object, else a list of texts. Only with `split_mode: rows`."),
            Key("row_delimiter", .choice(["comma", "semicolon", "tab", "pipe"]), since: "0.2", "What stands between the fields of a row. Only with `split_mode: rows`. Default: a comma in CSV, a tab in TSV.", choices: ["comma": "Commas.", "semicolon": "Semicolons.", "tab": "Tabs.", "pipe": "Vertical bars."]),
            Key("audio_length", .duration(zeroAllowed: false), default: "30s", since: "0.2", "How long a window of a recording is. The last may be shorter. Only with `split_mode: audio`."),
            Key("audio_overlap", .duration(zeroAllowed: true), default: "0s", since: "0.2", "How much of a recording neighbouring windows share. Less than `audio_length`. Only with `split_mode: audio`."),
            Key("candidates", .integer(1...1_000_000), default: "1", since: "0.1", "How many times the model is called with the same input. Only with `split_mode: candidates`."),
            Key("seed", .integer(-2_147_483_648...2_147_483_647), default: "0", since: "0.1", "`seed` of the first call; each further call gets one more. Only with `split_mode: candidates`."),
            Key("max_shards", .integer(1...65_536), default: "32", since: "0.1", "Most shards. A job's `shard_count` wins, but may not be more."),
            Key("merge_strategy", .choice(["concat-json", "concat-text", "json-merge", "tile-stitch", "detections", "segments", "mean", "sum", "max", "min", "vote", "top-k", "none"]), default: "concat-json", since: "0.1", "How the units' results become one.", choices: ["concat-json": "One JSON array in the units' order; arrays are joined, anything else is appended.", "concat-text": "Text in the units' order; what `sequence_overlap` repeats is dropped.", "json-merge": "Deep merge of objects in the units' order.", "tile-stitch": "One image of the units' images, each laid at its place.", "detections": "Boxes moved into the source image, duplicates across the seams of tiles merged.", "segments": "Segments with `start` and `end` moved into the recording's time, those doubled in overlaps dropped.", "mean": "The mean of numbers or of equally shaped arrays, element by element.", "sum": "The sum of numbers or of equally shaped arrays, element by element.", "max": "The greatest of numbers or of equally shaped arrays, element by element.", "min": "The least of numbers or of equally shaped arrays, element by element.", "vote": "What most units answered, with counts.", "top-k": "The best by `merge.score`.", "none": "The list of partial outputs."]),
            Key("merge", .block(merge), since: "0.1", "Options of the merge strategy."),
            Key("reducer", .modelReference, since: "0.1", "A model that merges in place of a strategy: it gets every partial output and answers the merged one."),
            Key("distributed_runtime", .choice(["ray", "horovod", "torch", "mpi"]), since: "0.1", "Runs the stage as a gang of peers that are started all or none, and talk by this runtime. Default: no gang.", choices: ["ray": "Ray.", "horovod": "Horovod.", "torch": "PyTorch distributed.", "mpi": "MPI."]),
            Key("shard_role", .choice(["head", "worker"]), default: "worker", since: "0.1", "What a peer of the gang is. In a gang of workers only, the first is the head, too. Only with `distributed_runtime`.", choices: ["head": "The peer that the others meet.", "worker": "A peer that joins the head."]),
            Key("cluster_size", .integer(1...1024), default: "1", since: "0.1", "How many peers the gang has. Only with `distributed_runtime`."),
            Key("coordination_port", .integer(1...65_535), since: "0.1", "Where the head of the gang listens. Only with `distributed_runtime`."),
            Key("gpu", .boolean, default: "false", since: "0.1", "Whether every peer of the gang has a GPU. Only with `distributed_runtime`."),
            Key("start_window", .duration(zeroAllowed: false), default: "60s", since: "0.1", "How long the gang waits until every peer is ready; then all are released. Only with `distributed_runtime`."),
        ])

    /// The keys of `merge`.
    package static let merge = KeyBlock(
        "merge", "Options of `merge_strategy`, each for one strategy.",
        [
            Key("conflict", .choice(["error", "last"]), default: "error", since: "0.1", "What comes of two units that give one member different scalars. Only with `merge_strategy: json-merge`.", choices: ["error": "The merge fails.", "last": "The later unit's counts."]),
            Key("blend", .choice(["hard", "feather"]), default: "hard", since: "0.1", "What is seen where tiles overlap. Only with `merge_strategy: tile-stitch`.", choices: ["hard": "Each tile is shown up to the middle of the overlap.", "feather": "Both are mixed, each the less the nearer its edge is."]),
            Key("content", .choice(["image", "labels"]), default: "image", since: "0.1", "What the pixels of the units' images are. Only with `merge_strategy: tile-stitch`.", choices: ["image": "Colours or measurements.", "labels": "Each tile is a map of labels, 0 being the background: objects that a seam cuts are joined, and all are numbered anew. The result is a TIFF of uint32."]),
            Key("format", .choice(["tiff", "png"]), default: "tiff", since: "0.1", "The format of the stitched file. Only with `merge_strategy: tile-stitch`.", choices: ["tiff": "Uncompressed TIFF, BigTIFF from 4 GiB on; any pixels.", "png": "PNG, for gray and RGB of 8 or 16 bits with or without alpha."]),
            Key("fill", .fill, since: "0.1", "What holes show, the tiles whose shards failed: a number for every band, a list with one for each, or `transparent`, which adds an alpha band where there is none. Only with `merge_strategy: tile-stitch`. Default: 0, which is transparent where there is alpha."),
            Key("iou", .number(0...1), default: "0.5", since: "0.1", "From which overlap on two boxes of different tiles are one object. Only with `merge_strategy: detections`."),
            Key("metric", .choice(["iou", "ios"]), default: "iou", since: "0.1", "How the overlap of two boxes is measured. Only with `merge_strategy: detections`.", choices: ["iou": "Intersection over union.", "ios": "Intersection over the smaller box."]),
            Key("nms", .number(0...1), since: "0.1", "From which overlap on, of two objects, only the one with the higher score stays (non-maximum suppression), also in one tile. Only with `merge_strategy: detections`. Default: all stay."),
            Key("class_agnostic", .boolean, default: "false", since: "0.1", "Whether boxes of different classes can be one object. Only with `merge_strategy: detections`."),
            Key("score", .text, default: "score", since: "0.1", "The member that results are ranked by. Only with `merge_strategy: top-k`."),
            Key("k", .integer(1...1_000_000), default: "1", since: "0.1", "How many results stay. Only with `merge_strategy: top-k`."),
        ])

    /// The keys of `retry`.
    package static let retry = KeyBlock(
        "retry", "How often the model's own failures are tried again, and when. Failures of the machine have a budget of their own.",
        [
            Key("maximum_attempts", .integer(1...1000), default: "1", since: "0.1", "Attempts in all, the first included."),
            Key("initial_interval", .duration(zeroAllowed: true), default: "1s", since: "0.1", "The wait before the second attempt."),
            Key("backoff_coefficient", .number(1...100), default: "2", since: "0.1", "By how much each further wait is longer than the one before."),
            Key("maximum_interval", .duration(zeroAllowed: true), default: "60s", since: "0.1", "The longest wait."),
            Key("retry_on", .choices(["app", "timeout", "oom"]), default: "[app, timeout, oom]", since: "0.1", "Which causes of failure are tried again.", choices: ["app": "The model failed, or broke its `output_schema`.", "timeout": "The attempt took longer than `timeout`.", "oom": "Memory ran out."]),
        ])

    /// The keys of `hedge`.
    package static let hedge = KeyBlock(
        "hedge", "When a shard that takes much longer than its peers gets a second attempt beside its first; the first to end well counts, and the other is ended.",
        [
            Key("factor", .number(1...1000), default: "2", since: "0.2", "A shard straggles when it has run longer than this times the `quantile` of its peers that are done."),
            Key("quantile", .number(0...1), default: "0.9", since: "0.2", "Which of the peers' run times a straggler is measured by; 0.5 is the median."),
            Key("budget", .number(0...1), default: "0.1", since: "0.2", "The share of the stage's shards that may get a second attempt; at least one may."),
        ])

    /// The keys of `repeat`.
    package static let `repeat` = KeyBlock(
        "repeat", "Runs a stage in rounds. A round after the first is bound to what the round before it published, nearest of all, and then as the stage itself is: a stage with `input_key: beam` and `output_key: beam` loops over `beam`. What the last round that ran has published is the stage's result.",
        [
            Key("times", .integer(1...1000), required: true, since: "0.2", "Most rounds. Each is a stage of the graph, `name@1`, `name@2` and so on."),
            Key("until", .condition, since: "0.2", "A condition as in `when`, asked after each round over what the next would be bound to. Where it holds, no further round runs. Default: all rounds run."),
        ])

    /// The keys of `hooks`.
    package static let hooks = KeyBlock(
        "hooks", "Commands that are run inside a warm instance (`rest`, `jsonl`) before its first request, or now and then, with its environment. A process has them in the model's folder.",
        [
            Key("init", .command, since: "0.1", "Run once, first of all, in a new instance. It must exit with 0."),
            Key("warmup", .command, since: "0.1", "Run once when the instance is ready, before its first request. It must exit with 0."),
            Key("health", .command, since: "0.1", "Exits with 0 when the model is ready and well. It is run until it does before the first request, and now and then while the instance has nothing to do; an idle instance whose hook fails is replaced."),
        ])

    /// The keys of `resources`.
    package static let resources = KeyBlock(
        "resources", "What one attempt may use.",
        [
            Key("cpu", .number(0.001...4096), since: "0.1", "Processor cores."),
            Key("memory", .bytes, since: "0.1", "Memory, as an amount such as `4Gi`, or in bytes."),
            Key("memory_max", .bytes, since: "0.2", "How much memory an attempt may get after others ran out of it, where `retry` tries `oom` again. Not less than `memory`. Default: never more than `memory`."),
            Key("disk", .bytes, since: "0.1", "Disk, as an amount such as `10Gi`, or in bytes."),
            Key("shm", .bytes, since: "0.6", "Shared memory (`/dev/shm`) of a container, which PyTorch's loaders need more of. Default: 64 MiB."),
            Key("pids", .integer(1...4_194_304), since: "0.6", "Processes and threads that a container may have at once. Default: 4096."),
            Key("gpu", .gpu(gpu), default: "false", since: "0.1", "GPUs: `true` for one, a number of them, or a mapping that says more."),
        ])

    /// The keys of `gpu`.
    package static let gpu = KeyBlock(
        "gpu", "The GPUs of one attempt.",
        [
            Key("count", .integer(0...1024), default: "1", since: "0.1", "How many."),
            Key("memory", .bytes, since: "0.1", "Memory of each GPU, at least."),
            Key("compute_capability", .number(1...100), since: "0.1", "Compute capability, at least."),
        ])

    /// The keys of `requires`.
    package static let requires = KeyBlock(
        "requires", "Which nodes may run the model.",
        [
            Key("tier", .word, since: "0.1", "What the node can do: `0` edge, `1` CPU, `2` GPU, `3` several GPUs, `X` enclave."),
            Key("region", .text, since: "0.1", "Where the node is."),
            Key("arch", .choice(["x86_64", "arm64"]), since: "0.1", "The node's processor.", choices: ["x86_64": "64-bit Intel and AMD.", "arm64": "64-bit ARM."]),
            Key("labels", .textMap, since: "0.1", "Labels that the node has."),
        ])

    /// The keys of `.imflow.yaml`.
    package static let settings = KeyBlock(
        ".imflow.yaml", "How the files of a folder, and of those below it, are checked. The nearest file counts.",
        [
            Key("severity", .textMap, since: "0.1", "By code or slug: `error`, `warning`, `note`, or `ignore`, which tells nothing. What is an error cannot be less."),
            Key("overrides", .blocks(settingsOverride), since: "0.1", "Severities for the files of some paths. A later one wins."),
            Key("exclude", .texts, since: "0.1", "Paths that a check of a folder leaves out, as in a `.gitignore`."),
        ])

    /// The keys of `overrides`.
    package static let settingsOverride = KeyBlock(
        "overrides", "Severities for the files of some paths.",
        [
            Key("paths", .texts, required: true, since: "0.1", "Patterns as in a `.gitignore`, relative to the folder of the settings."),
            Key("severity", .textMap, required: true, since: "0.1", "By code or slug: `error`, `warning`, `note`, or `ignore`."),
        ])

    private static let stage = [
        Key("input_key", .text, since: "0.1", "The stage gets `{input_key: value}`, looked up in the stages it needs, nearest first, then in the job's input. Default: the whole context of its upstreams."),
        Key("output_key", .text, since: "0.1", "The name under which the stage's result is published. Default: the result's members are published."),
        Key("needs", .names, since: "0.1", "Names of the stages that must have succeeded before this one starts. Default: the stage before it, where no stage of the graph has `needs` or `soft_needs`."),
        Key("soft_needs", .names, since: "0.2", "Names of further stages that only must have ended before this one starts, however they did: of one that failed or was skipped there are no values."),
        Key("repeat", .block(`repeat`), since: "0.2", "Runs the stage in rounds, each over the result of the one before."),
        Key("max_parallel", .integer(1...65_536), since: "0.2", "Most calls of the stage at once. Default: as many as there are slots."),
        Key("input", .members, since: "0.1", "Literal members, laid over the input that the stage is bound to."),
        Key("when", .condition, since: "0.1", "The stage runs only if this holds over the values it would be bound to; else it is skipped."),
        Key("priority", .integer(-2_147_483_648...2_147_483_647), since: "0.1", "Larger goes first among what is ready. Default: the job's."),
        Key("multi_node", .block(multiNode), since: "0.1", "Laid over the `multi_node` of the stage's model."),
    ]

    private static let policies = [
        Key("timeout", .duration(zeroAllowed: false), since: "0.1", "How long one attempt may take. Default: no limit."),
        Key("queue_timeout", .duration(zeroAllowed: false), since: "0.1", "How long a task may wait between being ready and being started. Default: no limit."),
        Key("job_timeout", .duration(zeroAllowed: false), since: "0.1", "How long the whole job may take. Default: no limit."),
        Key("retry", .block(retry), since: "0.1", "How often the model's own failures are tried again, and when."),
        Key("hedge", .toggle(hedge), default: "false", since: "0.2", "Whether stragglers among the shards of a split stage get a second attempt; `true`, or a mapping that says when."),
        Key("on_failure", .choice(["fail", "continue", "partial"]), default: "fail", since: "0.1", "What becomes of a job with a stage that failed.", choices: ["fail": "The job fails and stops.", "continue": "What does not need the stage goes on.", "partial": "The merge takes what there is, and the holes are reported."]),
        Key("min_success_ratio", .number(0...1), default: "0", since: "0.1", "With `on_failure: partial`: the share of shards that must succeed."),
        Key("cache", .boolean, default: "false", since: "0.1", "Whether another job's result for the same work is reused."),
    ]

    /// Every block, those of files first.
    package static let blocks: [KeyBlock] = [
        manifest,
        job,
        jobGraph,
        jobStage,
        chainedModel,
        multiNode,
        merge,
        retry,
        hedge,
        `repeat`,
        hooks,
        resources,
        gpu,
        requires,
        settings,
        settingsOverride,
    ]

    /// The keys of `multi_node` that only some split modes know.
    package static let splitOptions: [String: [SplitMode]] = [
        "tile_size": [.tile],
        "tile_overlap": [.tile],
        "tile_pad": [.tile],
        "tile_whole": [.tile],
        "tile_file": [.tile],
        "batch_size": [.batch, .rows],
        "sequence_length": [.sequence],
        "sequence_overlap": [.sequence],
        "sequence_unit": [.sequence],
        "row_format": [.rows],
        "row_header": [.rows],
        "row_delimiter": [.rows],
        "audio_length": [.audio],
        "audio_overlap": [.audio],
        "candidates": [.candidates],
        "seed": [.candidates],
    ]

    /// The keys of `merge` that only one strategy knows.
    package static let mergeOptions: [String: MergeStrategy] = [
        "conflict": .jsonMerge,
        "blend": .tileStitch,
        "content": .tileStitch,
        "format": .tileStitch,
        "fill": .tileStitch,
        "iou": .detections,
        "metric": .detections,
        "nms": .detections,
        "class_agnostic": .detections,
        "score": .topK,
        "k": .topK,
    ]

    /// The keys of `multi_node` that only gangs know.
    package static let gangOptions: Set<String> = [
        "shard_role",
        "cluster_size",
        "coordination_port",
        "gpu",
        "start_window",
    ]
}
