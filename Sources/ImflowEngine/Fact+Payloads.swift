package import ImflowExecution

extension Fact {
    /// Every value that the fact refers to. Exhaustive on purpose: what is not named here is collected as garbage.
    package var payloads: [Payload] {
        switch self {
        case .submitted(_, let input): [input]
        case .attemptSucceeded(_, _, let result, _): [result]
        case .splitExpanded(_, _, let shared, _, _, _): [shared]
        case .shardPlanned(_, _, let units): [units]
        case .replanned(let replan): [replan.plan] + (replan.input.map { [$0] } ?? [])
        case .finished(_, _, let output): output.map { [$0] } ?? []
        case .attemptStarted, .attemptSkipped, .attemptFailed, .attemptReleased, .reportIgnored, .cancelRequested,
            .paused, .outputsLost, .resumed, .timedOut, .queueTimedOut:
            []
        }
    }
}
