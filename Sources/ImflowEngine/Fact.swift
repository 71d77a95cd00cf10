package import ImflowExecution

/// What happened to a job, once and for all. A job's state is the fold of its facts; a fact holds whatever was
/// drawn or measured, so replaying needs no clock and no randomness. Tasks are named by their index in order of creation.
package enum Fact: Sendable, Codable, Equatable {
    /// Times are milliseconds since 1970-01-01T00:00:00Z.
    case submitted(at: Int64, input: Payload)
    /// Of a task that has a live attempt already it starts a second one beside it: a hedge.
    case attemptStarted(task: Int, attempt: Int, token: String, at: Int64)
    case attemptSucceeded(task: Int, attempt: Int, result: Payload, evidence: Evidence)
    /// A split ended; as many ``shardPlanned(stage:index:units:)`` follow in the same commit.
    case splitExpanded(task: Int, attempt: Int, shared: Payload, unitCount: Int, shardCount: Int, evidence: Evidence)
    case shardPlanned(stage: Int, index: Int, units: Payload)
    case attemptSkipped(task: Int, attempt: Int, reason: String, evidence: Evidence)
    /// `retryAt` nil: the task has failed for good. Of a task with two live attempts it means nothing: the other one goes on.
    case attemptFailed(task: Int, attempt: Int, failure: Failure, retryAt: Int64?, evidence: Evidence)
    /// The attempt was ended by us, by no fault of its own: it does not count.
    case attemptReleased(task: Int, attempt: Int, evidence: Evidence)
    /// A task was ready, but was not started within its `queue_timeout`: it has failed for good, without an attempt.
    case queueTimedOut(task: Int, failure: Failure, at: Int64)
    /// A report that no live attempt waited for: evidence, without effect.
    case reportIgnored(task: String, attempt: Int, token: String, at: Int64)
    case cancelRequested(at: Int64)
    /// The engine stopped driving the job, at somebody's wish, before it was finished. The reason, if it was another process's.
    case paused(at: Int64, reason: String? = nil)
    /// What these tasks had made is gone from the store, or damaged there. Comes before ``resumed(at:)``.
    case outputsLost(tasks: [Int])
    /// The job goes on by another plan. Comes before ``outputsLost(tasks:)``; whoever drives it then resumes it.
    case replanned(Replan)
    /// What has not succeeded gets fresh budgets and runs again.
    case resumed(at: Int64)
    /// The job's own time limit has passed.
    case timedOut(at: Int64)
    case finished(at: Int64, status: JobStatus, output: Payload?)
}

/// What was measured of one attempt.
package struct Evidence: Sendable, Codable, Equatable {
    package var inputHash: ContentHash?
    package var startedAt: Int64
    package var finishedAt: Int64
    package var latencyMilliseconds: Double
    package var node: String
    /// What the result cache did; nil: it was not asked.
    package var cache: CacheEvidence?
    /// The address of the engine that ran it, where there were several.
    package var engine: String?
    /// Of the image that the model ran by.
    package var imageDigest: String?
    /// What of the latency went by while instances or containers started; nil: none, or nobody can tell.
    package var startMilliseconds: Double?

    package init(
        inputHash: ContentHash?, startedAt: Int64, finishedAt: Int64, latencyMilliseconds: Double, node: String
    ) {
        self.inputHash = inputHash
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.latencyMilliseconds = latencyMilliseconds
        self.node = node
    }

    package init(_ report: AttemptReport) {
        inputHash = report.inputHash
        startedAt = report.startedAt
        finishedAt = report.finishedAt
        latencyMilliseconds = report.latencyMilliseconds
        node = report.node
        cache = report.cache
        engine = report.engine
        imageDigest = report.imageDigest
        startMilliseconds = report.startMilliseconds
    }
}

/// Moved by the job's machine alone.
package enum JobStatus: String, Sendable, Codable, CaseIterable {
    /// Submitted or paused; nobody drives it.
    case pending
    case running
    case succeeded
    /// Finished with holes or with stages that failed while others went on.
    case partial
    case failed
    case cancelled

    package var isFinished: Bool { self != .pending && self != .running }
}
