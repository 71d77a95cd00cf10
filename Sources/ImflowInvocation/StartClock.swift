import Synchronization

/// Takes the time that an attempt waits for instances to start: pulling, loading, hooks. It is no work of the attempt's own,
/// so the attempt's deadline is put off meanwhile. Units that wait side by side count once.
final class StartClock: Sendable {
    private struct State {
        var waiting = 0
        var since = ContinuousClock.now
        var total: Duration?
    }

    private let deadline: Deadline
    private let state = Mutex(State())

    init(deadline: Deadline) { self.deadline = deadline }

    /// One more unit waits for an instance that is being started.
    func begin() {
        state.withLock { state in
            state.waiting += 1
            guard state.waiting == 1 else { return }
            state.since = .now
            deadline.putOff()
        }
    }

    /// One unit fewer waits. To be called once for each ``begin()``.
    func end() {
        state.withLock { state in
            state.waiting -= 1
            guard state.waiting == 0 else { return }
            state.total = (state.total ?? .zero) + (.now - state.since)
            deadline.goOn()
        }
    }

    /// A start that nobody had to be asked to wait for, such as a container's.
    func add(_ time: Duration) { state.withLock { $0.total = ($0.total ?? .zero) + time } }

    /// Nil: it never waited for a start.
    var milliseconds: Double? { state.withLock { $0.total }.map { $0 / .milliseconds(1) } }
}
