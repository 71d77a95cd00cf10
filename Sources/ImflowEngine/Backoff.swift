import ImflowExecution
package import ImflowPlan

/// When a failed attempt is tried again. Pure: the jitter is drawn from the task's own name and attempt, so a replay waits the same.
package enum Backoff {
    /// Attempts lost to machines and executors that a task is forgiven before it fails.
    package static let foreignBudget = 5
    private static let foreignPolicy = RetryPolicy(
        initialInterval: TimeSpan(milliseconds: 500), maximumInterval: TimeSpan(seconds: 30))

    /// Nil: not again. `ownFailures` and `foreignFailures` count this one too. Either budget ends it: of two attempts at once
    /// the other one may have spent the one that this cause does not draw on.
    package static func delay(
        after cause: Cause, policy: RetryPolicy, ownFailures: Int, foreignFailures: Int, seed: String
    ) -> TimeSpan? {
        guard foreignFailures <= foreignBudget, ownFailures < max(policy.maximumAttempts, 1) else { return nil }
        switch cause {
        case .app, .timeout, .oom:
            return policy.retryOn.contains(cause) ? interval(policy, failures: ownFailures, seed: seed) : nil
        case .infra: return interval(foreignPolicy, failures: foreignFailures, seed: seed)
        case .lost, .preempted: return TimeSpan(milliseconds: 0)
        case .cancelled: return nil
        }
    }

    /// No delay is longer.
    static func longest(_ policy: RetryPolicy) -> TimeSpan {
        let interval = max(policy.maximumInterval.milliseconds, foreignPolicy.maximumInterval.milliseconds)
        return TimeSpan(milliseconds: Int64(Double(interval) * 1.2))
    }

    private static func interval(_ policy: RetryPolicy, failures: Int, seed: String) -> TimeSpan {
        var milliseconds = Double(policy.initialInterval.milliseconds)
        for _ in 1..<max(failures, 1) {
            milliseconds = min(milliseconds * policy.backoffCoefficient, Double(policy.maximumInterval.milliseconds))
        }
        milliseconds = min(milliseconds, Double(policy.maximumInterval.milliseconds))
        let spread = Double(fnv1a(seed) % 1000) / 1000
        return TimeSpan(milliseconds: Int64(milliseconds * (0.8 + 0.4 * spread)))
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
    private static func fnv1a(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
