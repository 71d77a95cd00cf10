import Glibc
import Synchronization

/// What others leave for the server's thread: answers, and the wish to stop.
final class ServerMailbox: Sendable {
    private struct State {
        var answers: [(connection: Int, response: APIResponse)] = []
        var isStopping = false
        var hasStopped = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// -1 once the thread has ended.
        var waker: Int32
    }

    private let state: Mutex<State>

    /// - Parameter waker: a byte written here wakes the thread; closed by ``hasStopped()``.
    init(waker: Int32) { state = Mutex(State(waker: waker)) }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    func put(_ response: APIResponse, for connection: Int) {
        state.withLock { state in
            state.answers.append((connection, response))
            Self.wake(state.waker)
        }
    }

    func drain() -> [(connection: Int, response: APIResponse)] {
        state.withLock { state in
            defer { state.answers = [] }
            return state.answers
        }
    }

    func stop() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.hasStopped { return true }
                state.isStopping = true
                state.waiters.append(continuation)
                Self.wake(state.waker)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Called by the thread, last.
    func hasStopped() {
        let waiters = state.withLock { state in
            state.hasStopped = true
            close(state.waker)
            state.waker = -1
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// A full pipe wakes the thread just as well.
    private static func wake(_ descriptor: Int32) {
        guard descriptor >= 0 else { return }
        var byte: UInt8 = 1
        _ = send(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }
}
