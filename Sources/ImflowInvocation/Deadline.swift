import ImflowPlan
import Synchronization

/// Runs `body`; when it is not done within `limit`, cancels it and waits until it has ended.
/// - Returns: what `body` made, and whether the limit had passed before.
func withDeadline<Value: Sendable>(
    _ limit: TimeSpan?, _ body: @escaping @Sendable (Deadline) async -> Value
) async -> (value: Value, expired: Bool) {
    let deadline = Deadline(limit: limit)
    guard limit != nil else { return (await body(deadline), false) }
    let body: @Sendable (Deadline) async -> Value = { deadline in
        let value = await Deadline.$current.withValue(deadline) { await body(deadline) }
        return value
    }
    return await withTaskGroup(of: Value?.self) { group in
        group.addTask { await body(deadline) }
        group.addTask {
            await deadline.passes()
            return nil
        }
        var expired = false
        while let next = await group.next() {
            if let value = next {
                group.cancelAll()
                return (value, expired)
            }
            expired = !Task.isCancelled
            group.cancelAll()
        }
        preconditionFailure("the body of a deadline ended without a value")
    }
}

/// When the time of an attempt is over. What is no work of the attempt's own does not count.
final class Deadline: Sendable {
    private struct State {
        /// Nil while it is put off, and where there is no limit.
        var due: ContinuousClock.Instant?
        /// What was left when it was put off.
        var left: Duration?
        /// Who puts it off.
        var holds = 0
    }

    /// That of the attempt which the current task works for; nil: none.
    @TaskLocal static var current: Deadline?

    /// How often one that is put off looks whether it is due again, at most.
    private static let glance: Duration = .seconds(1)

    private let limit: Duration?
    private let state: Mutex<State>

    init(limit: TimeSpan?) {
        self.limit = limit?.duration
        state = Mutex(State(due: limit.map { .now + $0.duration }))
    }

    /// No time passes until as many calls of ``goOn()`` or ``restart()`` came.
    func putOff() {
        state.withLock { state in
            state.holds += 1
            guard let due = state.due else { return }
            state.left = due - .now
            state.due = nil
        }
    }

    /// What was left when it was put off is left again.
    func goOn() { release { _ in } }

    /// All of the time is left again, also where it was not put off.
    func restart() { release { $0 = limit } }

    private func release(_ change: (inout Duration?) -> Void) {
        state.withLock { state in
            state.holds = max(0, state.holds - 1)
            if let due = state.due { state.left = due - .now }
            change(&state.left)
            state.due = state.holds == 0 ? state.left.map { .now + $0 } : nil
        }
    }

    /// Returns when the time is over, or when the calling task is cancelled.
    func passes() async {
        guard let limit else { return }
        while !Task.isCancelled {
            let due = state.withLock { $0.due }
            if let due, due <= .now { return }
            try? await Task.sleep(for: due.map { $0 - .now } ?? min(limit, Self.glance))
        }
    }
}
