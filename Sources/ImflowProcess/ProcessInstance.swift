import ImflowExecution
import ImflowInvocation
import Synchronization

/// A warm program: `rest` on a loopback port, or `jsonl` on its standard input and output.
final class ProcessInstance: ModelInstance {
    private final class End: Sendable {
        let exit = Mutex<Exit?>(nil)
    }

    let baseURL: String?
    private let channel: LineChannel?
    private let program: any StartedProgram
    private let end = End()
    /// Ends when nothing of the program is left.
    private let watch: Task<Void, Never>

    /// Starts the program; does not return before it runs.
    /// - Parameters:
    ///   - port: where a `rest` model is told to listen; nil: the protocol is `jsonl`.
    ///   - onEnd: called once, when nothing of it is left.
    init(
        _ order: ProgramOrder, port: Int?, spawner: any Spawner, onEnd: @escaping @Sendable () -> Void
    ) throws(Failure) {
        let channel = port == nil ? try LineChannel(model: order.program.model, limit: Launch.outputLimit) : nil
        let program = try Self.start(order, channel: channel, spawner)
        baseURL = port.map { "http://127.0.0.1:\($0)" }
        self.channel = channel
        self.program = program
        watch = Task(executorPreference: BlockingThreads.shared) { [end] in
            let exit = await program.wait()
            end.exit.withLock { $0 = exit }
            channel?.close()
            onEnd()
        }
    }

    /// A `rest` program's standard output is part of its log.
    private static func start(
        _ order: ProgramOrder, channel: LineChannel?, _ spawner: any Spawner
    ) throws(Failure) -> any StartedProgram {
        if let channel {
            // Started or not, the program's ends are not ours.
            defer { channel.pipes.releaseProgramEnds() }
            return try spawner.start(
                order, input: channel.pipes.programInput, output: channel.pipes.programOutput)
        }
        let nothing = try RequestInput.nothing()
        return try spawner.start(order, input: nothing.descriptor, output: nil)
    }

    func exit() async -> Exit? { end.exit.withLock { $0 } }

    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? {
        guard let channel else { return nil }
        return try await channel.exchange(line)
    }

    func stop() async {
        program.stop()
        await watch.value
    }
}
