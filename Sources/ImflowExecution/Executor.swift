package import ImflowPlan

/// What became of one attempt.
package enum Outcome: Sendable, Codable, Equatable {
    case succeeded(Payload)
    /// A split: the input that all units share, how many units there are, and each shard's list of ``Unit``.
    case expanded(shared: Payload, unitCount: Int, shards: [Payload])
    /// The stage's condition was false.
    case skipped(String)
    case failed(Failure)
}

package struct Failure: Error, Sendable, Codable, Equatable {
    package var cause: Cause
    /// One sentence for the person who must act on it. Never holds secrets.
    package var message: String

    package init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }
}

/// What an executor says of one attempt, once.
package struct AttemptReport: Sendable, Codable {
    package var job: String
    package var task: String
    package var attempt: Int
    package var token: String
    package var outcome: Outcome
    /// Of what the attempt worked on; nil when it did not come so far.
    package var inputHash: ContentHash?
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var startedAt: Int64
    package var finishedAt: Int64
    /// Wall time of the attempt by a steady clock, from when it was handed over to its end: what it waited for a warm
    /// instance is in it.
    package var latencyMilliseconds: Double
    /// `0x` and 40 hexadecimal digits.
    package var node: String
    /// What the result cache did; nil: it was not asked.
    package var cache: CacheEvidence?
    /// The address of the engine that ran it, where there are several; nil: it ran on this machine, or where everything does.
    package var engine: String?
    /// Of the image that the model ran by: `REPOSITORY@sha256:…`, or its id; nil: it was no container.
    package var imageDigest: String?
    /// What of ``latencyMilliseconds`` it waited for instances or containers to start; nil: it did not, or nobody can tell.
    package var startMilliseconds: Double?

    package init(
        order: WorkOrder, outcome: Outcome, inputHash: ContentHash?, startedAt: Int64, finishedAt: Int64,
        latencyMilliseconds: Double, node: String, cache: CacheEvidence? = nil, engine: String? = nil,
        imageDigest: String? = nil, startMilliseconds: Double? = nil
    ) {
        job = order.job
        task = order.task
        attempt = order.attempt
        token = order.token
        self.outcome = outcome
        self.inputHash = inputHash
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.latencyMilliseconds = latencyMilliseconds
        self.node = node
        self.cache = cache
        self.engine = engine
        self.imageDigest = imageDigest
        self.startMilliseconds = startMilliseconds
    }
}

/// Told how many units of the attempt are done so far.
package typealias UnitProgress = @Sendable (_ done: Int) -> Void

/// Runs attempts. Implementations hold the conformance suite in `ImflowTestKit`.
package protocol Executor: Sendable {
    /// Where attempts are to be run, so that they need not go there first; nil: anywhere.
    var threads: (any TaskExecutor)? { get }

    /// Runs one attempt to its end. When the calling task is cancelled, whatever runs is ended, whole, and the outcome
    /// is a failure with cause `cancelled`. Of a `recovered` order the executor re-adopts what still runs, or
    /// ends it and answers `lost`. Never throws: failing is data.
    func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport

    /// Ends and removes everything that any engine, this one included, left behind for the job, except what belongs to
    /// the attempts with these tokens.
    func sweep(job: String, keeping tokens: Set<String>) async

    /// Stops warm instances. No attempt runs any more.
    func shutdown() async
}

extension Executor {
    package var threads: (any TaskExecutor)? { nil }
}
