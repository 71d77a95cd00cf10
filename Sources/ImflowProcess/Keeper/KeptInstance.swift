import Glibc
import Synchronization
import ImflowInvocation

/// A program that stays, which a keeper runs for one engine after the other. Between two engines it is kept for a while.
final class KeptInstance: Sendable {
    private struct State {
        /// An engine has it.
        var isHeld = true
        /// How long it may be without one, in milliseconds.
        var limit: UInt32
        /// Ends it when nobody comes.
        var end: Task<Void, Never>?
        var exit: Exit?
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// What came of a message that is not whole yet.
        var received: [UInt8] = []
    }

    /// How long a new engine waits for the old one's end to be noticed, in steps of 10 ms.
    private static let patience = 200

    private let run: ChildRun
    private let state: Mutex<State>

    /// - Parameter limit: how long it may be without an engine, in milliseconds.
    init(_ run: ChildRun, limit: UInt32) {
        self.run = run
        state = Mutex(State(limit: limit))
    }

    /// What the first engine says, in pieces.
    func heed(_ bytes: UnsafeRawBufferPointer) {
        let messages = state.withLock { state in
            state.received += bytes
            return KeeperChannel.Word.take(from: &state.received)
        }
        for (word, body) in messages { heed(word, body) }
    }

    private func heed(_ word: KeeperChannel.Word, _ body: [UInt8]) {
        switch word {
        case .keep:
            var fields = FieldReader(body)
            if let limit = fields.number() { state.withLock { $0.limit = limit } }
        default: run.stop()
        }
    }

    /// Its engine is gone.
    func letGo() {
        state.withLock { state in
            state.isHeld = false
            guard state.limit > 0 else { return run.stop() }
            let limit = Duration.milliseconds(Int64(state.limit))
            state.end = Task {
                try? await Task.sleep(for: limit)
                if !Task.isCancelled { self.endUnlessHeld() }
            }
        }
    }

    private func endUnlessHeld() {
        let isHeld = state.withLock { state in
            defer { state.isHeld = true }
            return state.isHeld
        }
        if !isHeld { run.stop() }
    }

    /// Blocks the thread for a moment when its engine does not seem to be gone yet.
    /// - Returns: whether it is the caller's now.
    func take() -> Bool {
        for _ in 0..<Self.patience {
            let isTaken: Bool? = state.withLock { state in
                if state.exit != nil { return false }
                guard !state.isHeld else { return nil }
                state.isHeld = true
                state.end?.cancel()
                state.end = nil
                return true
            }
            if let isTaken { return isTaken }
            poll(nil, 0, 10)
        }
        return false
    }

    /// Serves an engine that has taken it; blocks the thread until the program has ended or the engine is gone.
    func serve(_ engine: KeeperChannel) async {
        guard engine.send(.running) else { return letGo() }
        var watched = [engine.descriptor, run.ending].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while watched[1].revents == 0 {
            guard poll(&watched, 2, -1) > 0, watched[0].revents != 0 else { continue }
            guard let message = engine.receive() else { return letGo() }
            heed(message.word, message.body)
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.exit == nil { state.waiting.append(continuation) }
                return state.exit != nil
            }
            if isOver { continuation.resume() }
        }
        if let exit = state.withLock({ $0.exit }) { engine.send(.ended, exit.body) }
    }

    /// Nothing of it is left.
    func close(_ exit: Exit) {
        let waiting = state.withLock { state in
            state.exit = exit
            state.end?.cancel()
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension KeeperChannel.Word {
    /// Takes the whole messages off the front of `bytes`; what cannot be understood is an end of what runs.
    static func take(from bytes: inout [UInt8]) -> [(KeeperChannel.Word, [UInt8])] {
        var messages: [(KeeperChannel.Word, [UInt8])] = []
        while bytes.count >= KeeperChannel.headerSize {
            let count = bytes[1..<KeeperChannel.headerSize].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard let word = KeeperChannel.Word(rawValue: bytes[0]), count <= longestBody else {
                bytes = []
                messages.append((.stop, []))
                break
            }
            guard bytes.count >= KeeperChannel.headerSize + count else { break }
            messages.append((word, Array(bytes[KeeperChannel.headerSize..<KeeperChannel.headerSize + count])))
            bytes.removeFirst(KeeperChannel.headerSize + count)
        }
        return messages
    }

    /// Of what an engine says of a program that runs.
    private static let longestBody = 64
}
