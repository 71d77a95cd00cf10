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
    /// That of the attempt which the current task works for; nil: none.
    @TaskLocal static var current: Deadline?

    /// How often one that is put off looks whether it is due again, at most.
    private static let glance: Duration = .seconds(1)

    private let limit: Duration?
    /// Nil while it is put off.
    private let due: Mutex<ContinuousClock.Instant?>

    init(limit: TimeSpan?) {
        self.limit = limit?.duration
        due = Mutex(limit.map { .now + $0.duration })
    }

    /// Until ``restart()`` no time passes.
    func putOff() { due.withLock { $0 = nil } }

    /// All of the time is left again.
    func restart() { due.withLock { $0 = limit.map { .now + $0 } } }

    /// Returns when the time is over, or when the calling task is cancelled.
    func passes() async {
        guard let limit else { return }
        while !Task.isCancelled {
            let due = due.withLock { $0 }
            if let due, due <= .now { return }
            try? await Task.sleep(for: due.map { $0 - .now } ?? min(limit, Self.glance))
        }
    }
}
