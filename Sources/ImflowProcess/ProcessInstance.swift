import Synchronization
import ImflowExecution
import ImflowInvocation
import Subprocess

/// A warm program: `rest` on a loopback port, or `jsonl` on its standard input and output.
final class ProcessInstance: ModelInstance {
    private final class End: Sendable {
        let exit = Mutex<Exit?>(nil)
    }

    let baseURL: String?
    private let channel: LineChannel?
    private let run: Task<Void, Never>
    private let starts: AsyncStream<Failure?>
    private let end: End

    /// Starts the program; ``started()`` tells whether that went well.
    /// - Parameters:
    ///   - port: where a `rest` model is told to listen; nil: the protocol is `jsonl`.
    ///   - onEnd: called once, when nothing of it is left.
    init(
        command: ProcessCommand, port: Int?, log: BoundedLog, memory: OutOfMemoryCounter,
        onEnd: @escaping @Sendable () -> Void
    ) throws(Failure) {
        let (starts, starting) = AsyncStream.makeStream(of: Failure?.self, bufferingPolicy: .bufferingOldest(1))
        let channel = port == nil ? try LineChannel(model: command.model, limit: Launch.outputLimit) : nil
        let end = End()
        baseURL = port.map { "http://127.0.0.1:\($0)" }
        self.channel = channel
        self.starts = starts
        self.end = end
        run = Task {
            var exit = Exit(code: nil)
            do throws(Failure) {
                exit = try await Self.conduct(command, channel: channel, log: log, memory: memory) {
                    starting.yield(nil)
                }
            } catch { starting.yield(error) }
            let final = exit
            end.exit.withLock { $0 = final }
            channel?.close()
            onEnd()
            starting.finish()
        }
    }

    /// Returns when the program was started. To be called once.
    func started() async throws(Failure) {
        var failure: Failure? = Failure(.cancelled, "the attempt was cancelled")
        for await outcome in starts {
            failure = outcome
            break
        }
        guard let failure else { return }
        await stop()
        throw failure
    }

    func exit() async -> Exit? { end.exit.withLock { $0 } }

    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? {
        guard let channel else { return nil }
        return try await channel.exchange(line)
    }

    func stop() async {
        run.cancel()
        await run.value
    }

    private static func conduct(
        _ command: ProcessCommand, channel: LineChannel?, log: BoundedLog, memory: OutOfMemoryCounter,
        onStart: () -> Void
    ) async throws(Failure) -> Exit {
        guard let channel else {
            return try await ModelProcess.conduct(
                command, input: .none, output: .sequence, error: .combinedWithOutput, memory: memory
            ) { execution in
                onStart()
                await ModelProcess.drain(execution.standardOutput, into: log)
            }
        }
        // Started or not, the program's ends are not ours.
        defer { channel.pipes.releaseProgramEnds() }
        return try await ModelProcess.conduct(
            command,
            input: .fileDescriptor(.init(rawValue: channel.pipes.programInput), closeAfterSpawningProcess: false),
            output: .fileDescriptor(.init(rawValue: channel.pipes.programOutput), closeAfterSpawningProcess: false),
            error: .sequence, memory: memory
        ) { execution in
            channel.pipes.releaseProgramEnds()
            onStart()
            async let logged: Void = ModelProcess.drain(execution.standardError, into: log)
            await ModelProcess.waitForEnd(of: execution)
            await logged
        }
    }
}
