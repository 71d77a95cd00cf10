package import ImflowDiagnostics

/// Names and graph: 02xx.
extension DiagnosticCode {
    package static let unknownModel = DiagnosticCode(201, "unknown-model")
    package static let ambiguousModel = DiagnosticCode(202, "ambiguous-model")
    package static let unknownStage = DiagnosticCode(203, "unknown-stage")
    package static let duplicateStage = DiagnosticCode(204, "duplicate-stage")
    package static let stageCycle = DiagnosticCode(205, "stage-cycle")
    package static let modelCycle = DiagnosticCode(206, "model-cycle")
    package static let versionMismatch = DiagnosticCode(207, "version-mismatch")
    /// A key that nothing can be bound to.
    package static let unboundKey = DiagnosticCode(208, "unbound-key")
    /// A key that nothing declares, bound to the only value of the only upstream.
    package static let soleValue = DiagnosticCode(209, "sole-value", .warning)
    /// A job that says nothing of its input.
    package static let inputNotGiven = DiagnosticCode(210, "input-not-given", .note)
    package static let emptyGraph = DiagnosticCode(211, "empty-graph")
    package static let graphTooLarge = DiagnosticCode(212, "graph-too-large")
    package static let reducerIsPipeline = DiagnosticCode(213, "reducer-is-pipeline")
    /// A condition on a name that nothing gives.
    package static let unboundCondition = DiagnosticCode(214, "unbound-condition")
    /// A stage that cannot run, or whose result nothing can get at.
    package static let unreachableStage = DiagnosticCode(215, "unreachable-stage", .warning)
    /// An `output_key` that nothing reads.
    package static let unusedOutputKey = DiagnosticCode(216, "unused-output-key", .warning)
    /// A key that hides another of its name.
    package static let shadowedKey = DiagnosticCode(217, "shadowed-key", .warning)
    /// A condition that no value can make true.
    package static let neverTrue = DiagnosticCode(218, "never-true", .warning)
}

/// Soft needs and rounds: 02xx.
extension DiagnosticCode {
    /// A stage that is needed both hard and softly.
    package static let needTwice = DiagnosticCode(240, "need-twice")
    /// A soft need of a stage whose failure ends the job.
    package static let softNeedUnused = DiagnosticCode(241, "soft-need-unused", .warning)
    /// Rounds that all get the same input.
    package static let repeatUnchanged = DiagnosticCode(242, "repeat-unchanged", .note)
    /// An `until` that holds always, or never.
    package static let untilConstant = DiagnosticCode(243, "until-constant", .warning)
}

/// Images laid together: 0253 to 0255.
extension DiagnosticCode {
    /// An option of `tile-stitch` that label maps cannot have.
    package static let labelMapOption = DiagnosticCode(253, "label-map-option")
}

/// Units and shards: 03xx. 0306 is ``bad-split-strategy``, found where it is read.
extension DiagnosticCode {
    package static let shardsOverLimit = DiagnosticCode(301, "shards-over-limit")
    package static let overlapTooLarge = DiagnosticCode(302, "overlap-too-large")
    package static let splitOptionUnused = DiagnosticCode(303, "split-option-unused", .warning)
    package static let mergeOptionUnused = DiagnosticCode(304, "merge-option-unused", .warning)
    package static let spatialConcat = DiagnosticCode(305, "spatial-concat", .warning)
    package static let nothingToSplit = DiagnosticCode(307, "nothing-to-split", .warning)
    package static let splitInput = DiagnosticCode(308, "split-input")
    package static let pipelineSplit = DiagnosticCode(309, "pipeline-split")
    package static let mergeWithoutSplit = DiagnosticCode(310, "merge-without-split", .warning)
    package static let splitWithoutMerge = DiagnosticCode(311, "split-without-merge", .warning)
    package static let shardsOverUnits = DiagnosticCode(312, "shards-over-units", .warning)
    /// A tile as large as the image that the job states.
    package static let tileCoversImage = DiagnosticCode(313, "tile-covers-image", .warning)
    /// A merge that cannot merge what the units answer.
    package static let mergeMismatch = DiagnosticCode(314, "merge-mismatch")
}

/// What one file says that its readers should not see, or that may change under it: 01xx, 04xx.
extension DiagnosticCode {
    package static let secretLiteral = DiagnosticCode(112, "secret-literal", .warning)
    package static let imageWithoutDigest = DiagnosticCode(408, "image-without-digest", .note)
}

/// Policies: 04xx.
extension DiagnosticCode {
    package static let retryNever = DiagnosticCode(409, "retry-never", .warning)
    package static let jobTimeoutTooShort = DiagnosticCode(410, "job-timeout-too-short", .warning)
    package static let optionUnused = DiagnosticCode(411, "option-unused", .warning)
    /// A `max_instances` below `min_instances`.
    package static let instancesContradiction = DiagnosticCode(412, "instances-contradiction")
    /// A `hedge` of a stage that has no shards.
    package static let hedgeWithoutSplit = DiagnosticCode(420, "hedge-without-split", .warning)
    /// A `memory_max` below `memory`.
    package static let memoryMaxTooSmall = DiagnosticCode(421, "memory-max-too-small")
    /// A `memory_max` that no attempt ever gets.
    package static let memoryMaxUnused = DiagnosticCode(422, "memory-max-unused", .warning)
}

/// Gangs, ports and GPUs: 04xx.
extension DiagnosticCode {
    package static let gangHead = DiagnosticCode(401, "gang-head", .note)
    package static let gangSplit = DiagnosticCode(402, "gang-split")
    package static let gangOptionUnused = DiagnosticCode(403, "gang-option-unused", .warning)
    package static let privilegedPort = DiagnosticCode(404, "privileged-port", .warning)
    package static let portTaken = DiagnosticCode(405, "port-taken")
    package static let gangOfOne = DiagnosticCode(406, "gang-of-one", .warning)
    package static let gpuTwice = DiagnosticCode(407, "gpu-twice", .warning)
}

/// Schemas: 05xx.
extension DiagnosticCode {
    package static let badSchema = DiagnosticCode(501, "bad-schema")
    /// What a stage gives can never be what the next one takes.
    package static let schemaConflict = DiagnosticCode(502, "schema-conflict")
    package static let unknownKeyword = DiagnosticCode(503, "unknown-keyword", .warning)
    /// A keyword of a schema that asks nothing where it stands.
    package static let keywordUnused = DiagnosticCode(504, "keyword-unused", .warning)
    /// A `default`, an example or a listed value that breaks its own schema.
    package static let valueBreaksSchema = DiagnosticCode(505, "value-breaks-schema", .warning)
    /// An `input_schema` that takes no object, which every input is.
    package static let inputNotObject = DiagnosticCode(506, "input-not-object")
}

/// Jobs: 06xx.
extension DiagnosticCode {
    /// A value that is given breaks the schema of the model that gets it.
    package static let inputBreaksSchema = DiagnosticCode(611, "input-breaks-schema")
    package static let noModel = DiagnosticCode(601, "no-model")
    package static let modelAndGraph = DiagnosticCode(602, "model-and-graph")
    package static let nothingToRun = DiagnosticCode(603, "nothing-to-run")
}
