import Synchronization

/// Bounds how many threads upgraded exchanges hold, and ties each to its task.
final class HijackLimit: Sendable {
    static let limit = 256

    private struct State {
        var running: [ObjectIdentifier: HijackedExchange] = [:]
        /// Why none is begun any more.
        var abandoned: String?
    }

    private let state = Mutex(State())

    /// Ends all, for this reason, and every later one at once.
    func abandon(_ reason: String) {
        let running = state.withLock { state in
            state.abandoned = reason
            return Array(state.running.values)
        }
        for exchange in running { exchange.cancel() }
    }

    /// The connection counts until it is given up.
    func open(_ exchange: HijackedExchange) async throws(HTTPError) -> HijackedLine.Opening {
        try enter(exchange)
        let leave: @Sendable () -> Void = { [self, id = ObjectIdentifier(exchange)] in
            state.withLock { $0.running[id] = nil }
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                let started = DetachedThread.start { answer.resume(returning: exchange.open()) }
                if !started {
                    answer.resume(returning: .failure(.other("There is no thread for an upgraded connection.")))
                }
            }
        } onCancel: {
            exchange.cancel()
        }
        switch result {
        case .success((let stream, _, true)): return .opened(HijackedLine(exchange, stream: stream, onClose: leave))
        case .success((_, let response, _)):
            leave()
            return .refused(response)
        case .failure(let error):
            leave()
            throw error
        }
    }

    private func enter(_ exchange: HijackedExchange) throws(HTTPError) {
        let refusal: HTTPError? = state.withLock { state in
            if let reason = state.abandoned { return .connectionClosed(reason) }
            guard state.running.count < Self.limit else {
                return .other("More than \(Self.limit) upgraded connections are open: run fewer at a time.")
            }
            state.running[ObjectIdentifier(exchange)] = exchange
            return nil
        }
        if let refusal { throw refusal }
    }

    func run(_ exchange: HijackedExchange) async throws(HTTPError) -> HTTPResponse {
        try enter(exchange)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (answer: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>) in
                let started = DetachedThread.start { answer.resume(returning: exchange.run()) }
                if !started {
                    answer.resume(returning: .failure(.other("There is no thread for an upgraded connection.")))
                }
            }
        } onCancel: {
            exchange.cancel()
        }
        let abandoned = state.withLock { state in
            state.running[ObjectIdentifier(exchange)] = nil
            return state.abandoned
        }
        if case .failure(.cancelled) = result, let abandoned, !Task.isCancelled { throw .connectionClosed(abandoned) }
        return try result.get()
    }
}

/// What came back over one upgraded connection, up to a limit.
final class HijackOutput: Sendable {
    private let limit: Int
    private let gathered = Mutex<[UInt8]>([])

    init(limit: Int) { self.limit = limit }

    var bytes: [UInt8] { gathered.withLock { $0 } }

    /// False when the limit is reached.
    func append(_ chunk: [UInt8]) -> Bool {
        gathered.withLock { gathered in
            gathered.append(contentsOf: chunk.prefix(max(0, limit - gathered.count)))
            return gathered.count < limit
        }
    }
}
