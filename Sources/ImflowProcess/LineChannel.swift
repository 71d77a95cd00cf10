import ImflowExecution
import Subprocess
import Synchronization

/// Requests and replies of a `jsonl` program, a line each. Callers hand lines in; the task that owns the program's
/// streams serves them, one after the other.
final class LineChannel: Sendable {
    /// One request on its way. Whoever finishes it first decides what the caller gets.
    private final class Exchange: Sendable {
        private enum State {
            case new
            case waiting(CheckedContinuation<Result<[UInt8]?, Failure>, Never>)
            case finished(Result<[UInt8]?, Failure>)
        }

        let line: [UInt8]
        private let state = Mutex(State.new)

        init(line: [UInt8]) { self.line = line }

        func finish(_ result: Result<[UInt8]?, Failure>) {
            let waiting: CheckedContinuation<Result<[UInt8]?, Failure>, Never>? = state.withLock { state in
                defer { if case .finished = state {} else { state = .finished(result) } }
                if case .waiting(let continuation) = state { return continuation }
                return nil
            }
            waiting?.resume(returning: result)
        }

        func outcome() async -> Result<[UInt8]?, Failure> {
            await withCheckedContinuation { continuation in
                let finished: Result<[UInt8]?, Failure>? = state.withLock { state in
                    if case .finished(let result) = state { return result }
                    state = .waiting(continuation)
                    return nil
                }
                if let finished { continuation.resume(returning: finished) }
            }
        }
    }

    private let model: String
    private let limit: Int
    private let exchanges: AsyncStream<Exchange>
    private let incoming: AsyncStream<Exchange>.Continuation

    /// - Parameter limit: the longest reply line, in bytes.
    init(model: String, limit: Int) {
        self.model = model
        self.limit = limit
        (exchanges, incoming) = AsyncStream.makeStream(of: Exchange.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// Nil: the program closed its output, or has ended.
    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? {
        let exchange = Exchange(line: line)
        guard case .enqueued = incoming.yield(exchange) else { return nil }
        let result = await withTaskCancellationHandler {
            await exchange.outcome()
        } onCancel: {
            exchange.finish(.failure(Failure(.cancelled, "the attempt was cancelled")))
        }
        return try result.get()
    }

    /// No more requests; those that were not served get nil.
    func close() { incoming.finish() }

    /// Serves requests until the channel is closed, the program's output ends, or the calling task is cancelled.
    func serve(_ output: SubprocessOutputSequence, writer: StandardInputWriter) async {
        var reader = LineReader(output.makeAsyncIterator(), limit: limit, model: model)
        var open = true
        for await exchange in exchanges {
            guard open else {
                exchange.finish(.success(nil))
                continue
            }
            // A program may answer before it has read all, so reading does not wait for writing.
            async let written: Void = Self.write(exchange, to: writer)
            let reply = await reader.next()
            exchange.finish(reply)
            await written
            if case .success(.some) = reply { continue }
            open = false
            close()
        }
    }

    private static func write(_ exchange: Exchange, to writer: StandardInputWriter) async {
        do {
            let bytes = exchange.line + [UInt8(ascii: "\n")]
            if try await writer.write(bytes) == bytes.count { return }
        } catch {
            // Whether it closed its input or is gone: it will not answer what it did not read.
        }
        exchange.finish(.success(nil))
    }
}
