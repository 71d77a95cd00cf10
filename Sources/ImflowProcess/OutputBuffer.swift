import Synchronization

/// Standard output up to a limit: what comes then is read and dropped, so that the program can go on.
final class OutputBuffer: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var truncated = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    func append(_ bytes: UnsafeRawBufferPointer) {
        state.withLock { state in
            let room = limit - state.bytes.count
            state.bytes.append(contentsOf: bytes.prefix(room))
            if bytes.count > room { state.truncated = true }
        }
    }

    func take() -> (bytes: [UInt8], truncated: Bool) {
        state.withLock { state in
            defer { state = State() }
            return (state.bytes, state.truncated)
        }
    }
}
