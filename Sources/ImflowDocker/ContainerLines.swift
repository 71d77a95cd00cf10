import ImflowExecution
import ImflowHTTP
import Synchronization

/// Requests and replies of a `jsonl` program in a container, a line each, one after the other, over the engine's
/// attached stream. Its standard error is not part of it.
final class ContainerLines: Sendable {
    private let line: HijackedLine
    private let model: String
    private let limit: Int
    private let frames = Mutex(FrameReader())
    private let fence = Mutex<InputFence?>(nil)

    /// - Parameter limit: the longest reply, in bytes.
    init(_ line: HijackedLine, model: String, limit: Int) {
        self.line = line
        self.model = model
        self.limit = limit
    }

    /// Once the program runs; nil: what it reads cannot be watched from here.
    func watch(_ fence: InputFence?) { self.fence.withLock { $0 = fence } }

    /// Nil: the program closed its input or output, has ended, or the lines were closed. After a failure nobody knows what
    /// the program's next line belongs to: they are closed then.
    func exchange(_ request: [UInt8]) async throws(Failure) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withTaskExecutorPreference(BlockingThreads.shared) { await serve(request) }
        } onCancel: {
            close()
        }
        if Task.isCancelled { throw Failure(.cancelled, "the attempt was cancelled") }
        return try result.get()
    }

    /// The program's end closes it. False may be out of date by a moment.
    var isClosed: Bool { line.isClosed }

    /// No more replies, now or later.
    func close() { line.close() }

    private func serve(_ request: [UInt8]) async -> Result<[UInt8]?, Failure> {
        frames.withLock { frames in
            var exchange = ContainerLineExchange(
                request, over: line, frames: frames, fence: fence.withLock { $0 }, model: model, limit: limit)
            defer { frames = exchange.frames }
            do throws(Failure) {
                return .success(try exchange.run())
            } catch {
                close()
                return .failure(error)
            }
        }
    }
}
