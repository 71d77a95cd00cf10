/// Puts attempts into as few lanes as hold them without overlap: what ran at the same time stands one above the other.
package struct Lanes: Sendable {
    package struct Bar: Sendable {
        /// Index in ``ExecutionTrace/tasks``.
        package var task: Int
        package var attempt: ExecutionTrace.Attempt
        package var lane: Int
    }

    /// In order of their start.
    package private(set) var bars: [Bar] = []
    package private(set) var count = 0

    /// - Parameter limit: bars at most; later ones are left out.
    package init(_ trace: ExecutionTrace, limit: Int = .max) {
        var attempts: [(task: Int, attempt: ExecutionTrace.Attempt)] = []
        for (task, state) in trace.tasks.enumerated() { attempts += state.attempts.map { (task, $0) } }
        attempts.sort { ($0.attempt.startedAt, $0.task) < ($1.attempt.startedAt, $1.task) }
        var ends: [Int64] = []
        for (task, attempt) in attempts.prefix(limit) {
            // As many lanes as ran at once, which slots bound: looking through them is cheap.
            let lane = ends.firstIndex { $0 <= attempt.startedAt } ?? ends.count
            if lane == ends.count { ends.append(attempt.finishedAt) } else { ends[lane] = attempt.finishedAt }
            bars.append(Bar(task: task, attempt: attempt, lane: lane))
        }
        count = ends.count
    }
}
