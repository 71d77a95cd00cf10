import Synchronization

/// Where the conductor's news arrive: anybody puts, one loop takes. Its length is bounded by the attempts that run.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func put(_ element: Element) {
        let waiter = state.withLock { state in
            state.elements.append(element)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Everything that has come since the last call.
    func drain() -> [Element] {
        state.withLock { state in
            defer { state.elements = [] }
            return state.elements
        }
    }

    /// Returns when there is something to drain.
    func wait() async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                if state.elements.isEmpty {
                    state.waiter = continuation
                    return false
                }
                return true
            }
            if ready { continuation.resume() }
        }
    }
}
