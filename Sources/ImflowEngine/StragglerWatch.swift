import ImflowPlan

/// What a stage with a hedge policy knows of its shards' run times.
struct StragglerWatch: Sendable {
    /// Of fewer finished shards no run time is typical.
    static let minimumPeers = 3

    private let policy: HedgePolicy
    /// Of the shards that have succeeded, in milliseconds.
    private var runTimes: RunningQuantile
    /// Second attempts that were started.
    private(set) var hedges = 0
    /// Running shards without a second attempt, the one that was started first in front; some have ended since.
    var running = Heap<Alarm>()

    init(_ policy: HedgePolicy) {
        self.policy = policy
        runTimes = RunningQuantile(policy.quantile)
    }

    /// - Parameter milliseconds: as an executor measured it.
    mutating func shardSucceeded(after milliseconds: Double) {
        runTimes.insert(milliseconds.isFinite ? Int64(min(max(milliseconds, 0), 1e15)) : 0)
    }

    mutating func hedged() { hedges += 1 }

    /// Of the stage's shards, at least one may get a second attempt.
    func hasBudget(shards: Int) -> Bool {
        hedges < max(1, Int(min(max(policy.budget, 0), 1) * Double(shards)))
    }

    /// How long a shard may run before it straggles, in milliseconds; nil: too few peers have finished.
    var patience: Int64? {
        guard runTimes.count >= Self.minimumPeers, let typical = runTimes.value else { return nil }
        return Int64(min(max(policy.factor, 1) * Double(max(typical, 1)), 1e15))
    }
}
