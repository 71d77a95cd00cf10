import ImflowExecution

/// Requests and replies of a `jsonl` program, a line each, one after the other.
final class LineChannel: Sendable {
    let pipes: LinePipes
    private let model: String
    private let limit: Int

    /// - Parameter limit: the longest reply line, in bytes.
    init(model: String, limit: Int) throws(Failure) {
        self.model = model
        self.limit = limit
        pipes = try LinePipes()
    }

    /// Nil: the program closed its input or output, has ended, or the channel was closed. After a failure nobody knows
    /// what the program's next line belongs to: the channel is closed then.
    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            // It waits for the program. Who calls is there already, as a rule: a thread would be changed twice otherwise.
            await withTaskExecutorPreference(BlockingThreads.shared) { serve(line) }
        } onCancel: {
            close()
        }
        if Task.isCancelled { throw Failure(.cancelled, "the attempt was cancelled") }
        return try result.get()
    }

    /// No more replies, now or later.
    func close() { pipes.stop() }

    private func serve(_ line: [UInt8]) -> Result<[UInt8]?, Failure> {
        var exchange = LineExchange(line, over: pipes, model: model, limit: limit)
        do throws(Failure) {
            return .success(try exchange.run())
        } catch {
            close()
            return .failure(error)
        }
    }
}
