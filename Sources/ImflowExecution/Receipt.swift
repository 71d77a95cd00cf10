package import ImflowPlan

/// The evidence of one attempt, as users see it. Immutable.
package struct Receipt: Sendable, Codable, Equatable {
    package enum Status: String, Sendable, Codable { case succeeded, failed, skipped, cancelled }

    /// `<job>-<index>`, or `<job>-<stage>-<index>` in a graph.
    package var jobID: String
    package var stage: String
    package var task: String
    /// Nil for a split, a merge or an unsplit stage.
    package var shardIndex: Int?
    package var attempt: Int
    package var status: Status
    package var cause: Cause?
    package var message: String?
    package var latencyMilliseconds: Double
    package var inputHash: ContentHash?
    package var outputHash: ContentHash?
    package var node: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var startedAt: Int64
    package var finishedAt: Int64
    /// `JOB/TASK` that made the result, when it was taken from the cache and no model was called.
    package var cachedFrom: String?
    /// The address of the engine that ran it, where there were several.
    package var engine: String?
    /// Of the image that the model ran by: `REPOSITORY@sha256:…`, or its id.
    package var imageDigest: String?
    /// What of ``latencyMilliseconds`` it waited for instances or containers to start; nil: it did not, or nobody can tell.
    package var startMilliseconds: Double?

    package init(
        jobID: String, stage: String, task: String, shardIndex: Int?, attempt: Int, status: Status, cause: Cause?,
        message: String?, latencyMilliseconds: Double, inputHash: ContentHash?, outputHash: ContentHash?, node: String,
        startedAt: Int64, finishedAt: Int64, cachedFrom: String? = nil, engine: String? = nil,
        imageDigest: String? = nil, startMilliseconds: Double? = nil
    ) {
        self.jobID = jobID
        self.stage = stage
        self.task = task
        self.shardIndex = shardIndex
        self.attempt = attempt
        self.status = status
        self.cause = cause
        self.message = message
        self.latencyMilliseconds = latencyMilliseconds
        self.inputHash = inputHash
        self.outputHash = outputHash
        self.node = node
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.cachedFrom = cachedFrom
        self.engine = engine
        self.imageDigest = imageDigest
        self.startMilliseconds = startMilliseconds
    }
}
