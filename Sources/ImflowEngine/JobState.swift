package import ImflowExecution

/// What a task is, within its stage.
package enum TaskKind: Sendable, Equatable {
    /// Fetches the job's input files; belongs to no stage.
    case fetch
    /// An unsplit stage.
    case whole
    case split
    case shard(Int)
    case merge
    /// Puts several output stages into one result; belongs to no stage.
    case output
}

package enum TaskStatus: String, Sendable, Equatable {
    case ready, waiting, running, succeeded, failed, skipped, cancelled
    /// A resume took its stage back to before the split; newer tasks stand in for it.
    case superseded
}

package struct LiveAttempt: Sendable, Equatable {
    package var token: String
    package var startedAt: Int64
}

package struct TaskState: Sendable {
    package let kind: TaskKind
    /// Index in the plan; nil for fetch and output.
    package let stage: Int?
    /// A shard's list of units.
    package let units: Payload?
    package internal(set) var status: TaskStatus = .ready
    /// Attempts ever started, over all resumes: numbers are never used twice.
    package internal(set) var attempts: Int
    /// Since submission or the last resume.
    package internal(set) var ownFailures = 0
    package internal(set) var foreignFailures = 0
    package internal(set) var live: LiveAttempt?
    /// When a waiting task becomes ready.
    package internal(set) var retryAt: Int64?
    package internal(set) var result: Payload?
    package internal(set) var failure: Failure?
    package internal(set) var startedAt: Int64?
    package internal(set) var finishedAt: Int64?

    /// Whether it calls the stage's model: these are what users count as shards.
    package var isCall: Bool {
        switch kind {
        case .whole, .shard: true
        default: false
        }
    }

    init(kind: TaskKind, stage: Int?, units: Payload? = nil, attempts: Int = 0) {
        self.kind = kind
        self.stage = stage
        self.units = units
        self.attempts = attempts
    }
}

package enum StageStatus: String, Sendable, Equatable {
    case waiting, running, succeeded, partial, failed, skipped

    package var isSettled: Bool { self != .waiting && self != .running }
    var satisfiesDependents: Bool { self == .succeeded || self == .partial }
}

package struct StageState: Sendable {
    package internal(set) var status: StageStatus = .waiting
    /// Needs that have not settled in a way that lets this stage start.
    var openNeeds: Int
    /// The whole stage's or the split's task.
    package internal(set) var firstTask: Int?
    package internal(set) var shards: [Int] = []
    package internal(set) var mergeTask: Int?
    package internal(set) var shared: Payload?
    /// Nil until the split is done; for an unsplit stage 1.
    package internal(set) var unitCount: Int?
    package internal(set) var shardCount: Int?
    package internal(set) var shardsSucceeded = 0
    package internal(set) var shardsFailed = 0
    /// Calls with a live attempt.
    package internal(set) var callsRunning = 0
    /// Attempts of calls beyond the first.
    package internal(set) var callsRetried = 0
    /// Calls whose result was taken from the cache.
    package internal(set) var callsCached = 0
    /// The first task that failed for good.
    package internal(set) var failure: Failure?
    package internal(set) var result: Payload?
    /// Skipped because its condition was false: dependents run without it.
    var skippedByCondition = false
    /// The highest attempt number of tasks that a resume replaced.
    var supersededAttempts = 0

    init(openNeeds: Int) { self.openNeeds = openNeeds }

    /// A stage skipped by its own condition lets them; one skipped because something before it failed does not.
    var letsDependentsStart: Bool { status.satisfiesDependents || skippedByCondition }
}
