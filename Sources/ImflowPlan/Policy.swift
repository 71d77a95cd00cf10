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
    /// From ready to started.
    package var queueTimeout: TimeSpan?
    package var retry: RetryPolicy
    package var onFailure: FailurePolicy
    /// With ``FailurePolicy/partial``: the share of shards, 0…1, that must have succeeded.
    package var minSuccessRatio: Double
    package var cache: Bool

    package init(
        timeout: TimeSpan? = nil, queueTimeout: TimeSpan? = nil, retry: RetryPolicy = RetryPolicy(),
        onFailure: FailurePolicy = .fail, minSuccessRatio: Double = 0, cache: Bool = false
    ) {
        self.timeout = timeout
        self.queueTimeout = queueTimeout
        self.retry = retry
        self.onFailure = onFailure
        self.minSuccessRatio = minSuccessRatio
        self.cache = cache
    }
}
