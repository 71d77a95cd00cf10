/// Why an attempt failed. Each failed attempt has exactly one.
package enum Cause: String, Sendable, Codable, CaseIterable {
    /// The model: non-zero exit, error reply, output that breaks its schema.
    case app
    case timeout
    /// Killed because memory ran out.
    case oom
    /// The executor or its machine failed.
    case infra
    /// Nobody knows.
    case lost
    case preempted
    case cancelled
}

package enum FailurePolicy: String, Sendable, Codable, CaseIterable {
    /// The job fails and stops.
    case fail
    /// What does not need this stage goes on.
    case `continue`
    /// The merge takes what there is; the holes are reported.
    case partial
}

/// The model's own failures: how often and when they are tried again.
package struct RetryPolicy: Sendable, Equatable, Codable {
    /// Attempts in all, the first included.
    package var maximumAttempts: Int
    package var initialInterval: TimeSpan
    package var backoffCoefficient: Double
    package var maximumInterval: TimeSpan
    package var retryOn: [Cause]

    package init(
        maximumAttempts: Int = 1, initialInterval: TimeSpan = TimeSpan(seconds: 1), backoffCoefficient: Double = 2,
        maximumInterval: TimeSpan = TimeSpan(seconds: 60), retryOn: [Cause] = [.app, .timeout, .oom]
    ) {
        self.maximumAttempts = maximumAttempts
        self.initialInterval = initialInterval
        self.backoffCoefficient = backoffCoefficient
        self.maximumInterval = maximumInterval
        self.retryOn = retryOn
    }
}

/// Policies of one stage (SPEC section 5), the job's overrides already applied.
package struct StagePolicy: Sendable, Equatable, Codable {
    /// Of one attempt; nil: no limit.
    package var timeout: TimeSpan?
    /// From ready to started, for what calls a model. A task that waited longer has failed for good: another attempt would wait, too.
    package var queueTimeout: TimeSpan?
    package var retry: RetryPolicy
    package var onFailure: FailurePolicy
    /// With ``FailurePolicy/partial``: the share of shards, 0…1, that must have succeeded.
    package var minSuccessRatio: Double
    package var cache: Bool
    /// Attempts of the stage's calls that run at once; nil: no limit of its own.
    package var maxParallel: Int?
    /// Nil: stragglers are waited for.
    package var hedge: HedgePolicy?

    package init(
        timeout: TimeSpan? = nil, queueTimeout: TimeSpan? = nil, retry: RetryPolicy = RetryPolicy(),
        onFailure: FailurePolicy = .fail, minSuccessRatio: Double = 0, cache: Bool = false, maxParallel: Int? = nil,
        hedge: HedgePolicy? = nil
    ) {
        self.timeout = timeout
        self.queueTimeout = queueTimeout
        self.retry = retry
        self.onFailure = onFailure
        self.minSuccessRatio = minSuccessRatio
        self.cache = cache
        self.maxParallel = maxParallel
        self.hedge = hedge
    }
}

/// When a straggling shard gets a second attempt beside its first; the first to be committed counts. Known as hedged requests
/// (Dean, Barroso, "The Tail at Scale", 2013).
package struct HedgePolicy: Sendable, Equatable, Codable {
    /// A shard straggles when it has run longer than this times the quantile of its finished peers; at least 1.
    package var factor: Double
    /// 0…1, of the run times of the stage's shards that have succeeded.
    package var quantile: Double
    /// The share of the stage's shards, 0…1, that may get a second attempt; of any share at least one shard may.
    package var budget: Double

    package init(factor: Double = 2, quantile: Double = 0.9, budget: Double = 0.1) {
        self.factor = factor
        self.quantile = quantile
        self.budget = budget
    }
}
