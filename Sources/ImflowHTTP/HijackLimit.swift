import Synchronization

/// Bounds how many threads upgraded exchanges hold, and ties each to its task.
final class HijackLimit: Sendable {
    static let limit = 256

    private let running = Mutex(0)

    func run(_ exchange: HijackedExchange) async throws(HTTPError) -> HTTPResponse {
        let mayRun = running.withLock { running in
            guard running < Self.limit else { return false }
            running += 1
            return true
        }
        guard mayRun else {
            throw .other("More than \(Self.limit) upgraded connections are open: run fewer at a time.")
        }
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
        running.withLock { $0 -= 1 }
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
