import ImflowEngine

extension Fact {
    /// The fact in a few words, for a trace.
    var label: String {
        switch self {
        case .submitted: "submitted"
        case .attemptStarted(let task, let attempt, let token, _): "start \(task)/\(attempt) \(token)"
        case .attemptSucceeded(let task, let attempt, let result, _): "done \(task)/\(attempt) \(result.short)"
        case .splitExpanded(let task, let attempt, _, let units, let shards, _):
            "split \(task)/\(attempt) into \(units) units, \(shards) shards"
        case .shardPlanned(let stage, let index, _): "plan \(stage)~\(index)"
        case .attemptSkipped(let task, let attempt, _, _): "skip \(task)/\(attempt)"
        case .attemptFailed(let task, let attempt, let failure, let retryAt, _):
            "fail \(task)/\(attempt) \(failure.cause)\(retryAt.map { ", again at \($0)" } ?? ", for good")"
        case .attemptReleased(let task, let attempt, _): "release \(task)/\(attempt)"
        case .reportIgnored(let task, let attempt, _, _): "ignore \(task)/\(attempt)"
        case .cancelRequested: "cancel requested"
        case .paused: "paused"
        case .queueTimedOut(let task, _, _): "queue timeout \(task)"
        case .replanned(let replan): "replanned, runs \(replan.run)"
        case .outputsLost(let tasks): "lost \(tasks)"
        case .resumed: "resumed"
        case .timedOut: "timed out"
        case .finished(_, let status, let output): "finished \(status) \(output?.short ?? "without output")"
        }
    }
}
