import Glibc
import ImflowExecution
import Synchronization

/// A connection of OpenSSH's `ssh` to an engine's machine, which carries the engine's socket and what else is asked for. It is
/// made at the first use, again when it broke, and ends with this value or this process, however that ends: ssh runs `cat`
/// there, whose input we hold.
final class SSHTunnel: Sendable {
    /// Between the start of ssh and the far shell's first word.
    static let patience = Duration.seconds(60)
    static let greeting = "imflow-tunnel-is-up"

    /// One start of ssh, which all who come meanwhile wait for.
    private final class Opening: Sendable {
        private let bell = Bell()
        private let known = Mutex<Result<SSHLine, Failure>?>(nil)

        var result: Result<SSHLine, Failure>? { known.withLock { $0 } }

        /// - Returns: false: it had one already.
        func end(_ result: Result<SSHLine, Failure>) -> Bool {
            let isFirst = known.withLock { known in
                guard known == nil else { return false }
                known = result
                return true
            }
            if isFirst { bell.ring() }
            return isFirst
        }

        func wait(until deadline: ContinuousClock.Instant?) async {
            if let deadline { await bell.wait(after: 0, until: deadline) } else { await bell.wait() }
        }
    }

    private struct State {
        var pending: Opening?
        var line: SSHLine?
        var openings = 0
        /// Why none is opened any more.
        var ended: Failure?
    }

    private let destination: SSHDestination
    private let state = Mutex(State())

    init(to destination: SSHDestination) { self.destination = destination }

    deinit { close() }

    /// The connection, which is there now.
    /// - Throws: ``Failure`` with cause `infra` and ssh's own words, or when it is not there by the deadline; `cancelled`
    ///   when the calling task is.
    func line(until deadline: ContinuousClock.Instant? = nil) async throws(Failure) -> SSHLine {
        if let line = try current() { return line }
        let opening = opening()
        await opening.wait(until: deadline)
        guard let result = opening.result else {
            if Task.isCancelled { throw Failure(.cancelled, "cancelled") }
            throw Failure(.infra, "ssh does not reach \(destination) in time")
        }
        state.withLock { if $0.pending === opening { $0.pending = nil } }
        return try result.get()
    }

    private func current() throws(Failure) -> SSHLine? {
        let (line, ended) = state.withLock { ($0.line, $0.ended) }
        if let ended { throw ended }
        return line?.isUp == true ? line : nil
    }

    /// Callers that come at once share one.
    private func opening() -> Opening {
        let opening = Opening()
        let pending = state.withLock { state in
            if let pending = state.pending { return pending }
            state.pending = opening
            return opening
        }
        guard pending === opening else { return pending }
        Task { [weak self, destination] in
            let result = await SSHLine.open(to: destination)
            let isWanted = self?.take(result, of: opening) ?? false
            if !isWanted, case .success(let line) = result { line.close() }
        }
        return opening
    }

    /// - Returns: whether the line is the tunnel's own now.
    private func take(_ result: Result<SSHLine, Failure>, of opening: Opening) -> Bool {
        let ended = state.withLock { state -> Failure? in
            if state.pending === opening { state.pending = nil }
            if let ended = state.ended { return ended }
            if case .success(let line) = result {
                state.line = line
                state.openings += 1
            }
            return nil
        }
        return opening.end(ended.map { .failure($0) } ?? result) && ended == nil
    }

    /// What ssh said last, where it said something.
    var complaint: String? { state.withLock { $0.line }?.complaint }

    /// The number of the connection that is there, or that would be made now; they count from 1.
    var number: Int { state.withLock { $0.line?.isUp == true ? $0.openings : $0.openings + 1 } }

    /// Whether the connection with this number has ended; waits a moment, since its sockets close before it is seen to end.
    func hasBroken(_ number: Int) async -> Bool {
        let (line, openings) = state.withLock { ($0.line, $0.openings) }
        guard openings == number, let line else { return openings > number }
        return await line.endsSoon()
    }

    /// Ends the connection; the next use makes another one.
    func close() {
        let line = state.withLock { state in
            defer { state.line = nil }
            return state.line
        }
        line?.close()
    }

    /// Ends the connection for good: who waits for one, now or later, fails so.
    func end(_ failure: Failure) {
        let pending = state.withLock { state in
            state.ended = state.ended ?? failure
            return state.pending
        }
        _ = pending?.end(.failure(failure))
        close()
    }
}
