package import ImflowPlan

/// What ended a program that neither ended by itself nor was ended by us, and that the model is not to be blamed for.
package enum Interruption: Sendable, Equatable {
    /// Somebody who commands its engine sent it a signal, or the engine was stopped.
    case commanded
    /// Somebody removed it, with all that was known of it.
    case removed
    /// Its engine was away when it ended, and nobody saw how.
    case unseen

    /// What was taken away is `preempted`, and what nobody knows is `lost`.
    package var cause: Cause {
        switch self {
        case .commanded: .preempted
        case .removed, .unseen: .lost
        }
    }
}
