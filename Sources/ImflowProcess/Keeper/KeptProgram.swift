import Glibc
import Synchronization

/// A program that a keeper runs for an engine.
final class KeptProgram: Sendable {
    private struct State {
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var adopters = 0
    }

    private let run: ChildRun
    private let state = Mutex(State())

    init(_ run: ChildRun) { self.run = run }

    /// Whether a later engine waits for its end.
    var isAdopted: Bool { state.withLock { $0.adopters > 0 } }

    /// Its end is recorded, or taken.
    func close() {
        let waiting = state.withLock { state in
            state.isOver = true
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Serves an engine that adopts it; blocks the thread until the program has ended or the engine is gone, and returns
    /// when its end is recorded.
    func serve(_ adopter: KeeperChannel) async {
        state.withLock { $0.adopters += 1 }
        defer { state.withLock { $0.adopters -= 1 } }
        guard adopter.send(.running) else { return }
        var watched = [adopter.descriptor, run.ending].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while watched[1].revents == 0 {
            guard poll(&watched, 2, -1) > 0, watched[0].revents != 0 else { continue }
            guard let message = adopter.receive() else { return }
            if message.word == .stop { run.stop() }
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }
}
