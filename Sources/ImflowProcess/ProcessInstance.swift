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
    private let child: ChildProcess
    private let command: ProcessCommand
    private let log: BoundedLog
    private let memory: OutOfMemoryCounter
    private let paths: CommandPaths
    private let end = End()
    /// Ends when nothing of the program is left.
    private let watch: Task<Void, Never>

    /// Starts the program; does not return before it runs.
    /// - Parameters:
    ///   - port: where a `rest` model is told to listen; nil: the protocol is `jsonl`.
    ///   - paths: where hooks are looked for.
    ///   - onEnd: called once, when nothing of it is left.
    init(
        command: ProcessCommand, port: Int?, log: BoundedLog, memory: OutOfMemoryCounter, paths: CommandPaths,
        onEnd: @escaping @Sendable () -> Void
    ) throws(Failure) {
        let mark = memory.mark()
        let logged = try OutputPipe()
        let channel = port == nil ? try LineChannel(model: command.model, limit: Launch.outputLimit) : nil
        let child = try Self.start(command, channel: channel, logged: logged)
        baseURL = port.map { "http://127.0.0.1:\($0)" }
        self.channel = channel
        self.child = child
        self.command = command
        self.log = log
        self.memory = memory
        self.paths = paths
        watch = Task(executorPreference: BlockingThreads.shared) { [end] in
            let status = child.wait(reading: [.init(descriptor: logged.reading) { log.append($0) }])
            log.finish()
            await ProcessTable.waitUntilGone(group: child.group)
            let exit = ModelProcess.exit(of: status, memory: memory, since: mark)
            end.exit.withLock { $0 = exit }
            channel?.close()
            onEnd()
        }
    }

    /// A `rest` program's standard output is part of its log.
    private static func start(
        _ command: ProcessCommand, channel: LineChannel?, logged: OutputPipe
    ) throws(Failure) -> ChildProcess {
        // Started or not, the program's ends are not ours.
        defer { logged.releaseProgramEnd() }
        if let channel {
            defer { channel.pipes.releaseProgramEnds() }
            return try ChildProcess(
                command, input: channel.pipes.programInput, output: channel.pipes.programOutput,
                error: logged.programEnd)
        }
        let nothing = try RequestInput.nothing()
        return try ChildProcess(
            command, input: nothing.descriptor, output: logged.programEnd, error: logged.programEnd)
    }

    func exit() async -> Exit? { end.exit.withLock { $0 } }

    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? {
        guard let channel else { return nil }
        return try await channel.exchange(line)
    }

    func execute(_ words: [String]) async throws(Failure) -> Exit {
        let hook = try command.running(words, paths: paths)
        if let exit = await exit() { return exit }
        let (log, memory) = (log.forAnotherStream(), memory)
        let result = await withTaskExecutorPreference(BlockingThreads.shared) { () async -> Result<Exit, Failure> in
            do throws(Failure) {
                return .success(try await ModelProcess.runHook(hook, log: log, memory: memory))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    func stop() async {
        child.stop(grace: ModelProcess.grace)
        await watch.value
    }
}
