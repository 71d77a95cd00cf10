import ImflowExecution
import ImflowInvocation
import ImflowPlan
import Synchronization

/// A warm program: `rest` on a loopback port, or `jsonl` on its standard input and output.
final class ProcessInstance: ModelInstance {
    final class End: Sendable {
        typealias Observer = @Sendable (_ isLeft: Bool) -> Void

        let exit = Mutex<Exit?>(nil)
        /// It goes on for a later engine.
        let isLeft = Mutex(false)
    }

    /// What a hook's command starts; the number tells its runs apart.
    typealias HookOrder = @Sendable (_ words: [String], _ number: Int) throws(Failure) -> ProgramOrder

    let baseURL: String?
    /// The port; its token is known, and whatever else a keeper knows.
    let handle: String?
    private let channel: LineChannel?
    private let program: any StartedProgram
    private let spawner: any Spawner
    private let hook: HookOrder
    private let hooks = Mutex(0)
    private let end = End()
    /// Ends when nothing of the program is left.
    private let watch: Task<Void, Never>

    /// Starts the program; does not return before it runs.
    /// - Parameters:
    ///   - port: where a `rest` model is told to listen; nil: the protocol is `jsonl`.
    ///   - hook: what is started for a command that is run beside it.
    ///   - onEnd: called once, when nothing of it is left, or it was left for a later engine.
    convenience init(
        _ order: ProgramOrder, port: Int?, spawner: any Spawner, hook: @escaping HookOrder,
        onEnd: @escaping End.Observer
    ) throws(Failure) {
        let channel = port == nil ? try LineChannel(model: order.program.model, limit: Launch.outputLimit) : nil
        let program = try Self.start(order, channel: channel, spawner)
        self.init(program, port: port, channel: channel, outlives: order.outlives > 0, spawner: spawner, hook: hook, onEnd: onEnd)
    }

    /// - Parameter outlives: a later engine can take it over.
    init(
        _ program: any StartedProgram, port: Int?, channel: LineChannel? = nil, outlives: Bool, spawner: any Spawner,
        hook: @escaping HookOrder, onEnd: @escaping End.Observer
    ) {
        handle = outlives && program.outlivesEngine ? port.map(String.init) : nil
        baseURL = port.map { "http://127.0.0.1:\($0)" }
        self.channel = channel
        self.program = program
        self.spawner = spawner
        self.hook = hook
        watch = Task(executorPreference: BlockingThreads.shared) { [end] in
            let exit = await program.wait()
            end.exit.withLock { $0 = exit }
            channel?.close()
            onEnd(end.isLeft.withLock { $0 })
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

    func execute(_ words: [String]) async throws(Failure) -> Exit {
        if let exit = await exit() { return exit }
        let number = hooks.withLock { number in
            number += 1
            return number
        }
        let order = try hook(words, number)
        let spawner = spawner
        let result = await withTaskExecutorPreference(BlockingThreads.shared) { () async -> Result<Exit, Failure> in
            do throws(Failure) {
                let nothing = try RequestInput.nothing()
                let program = try spawner.start(order, input: nothing.descriptor, output: nil)
                let exit = await withTaskCancellationHandler { await program.wait() } onCancel: { program.stop() }
                return .success(exit)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    func leave(for time: TimeSpan) async -> Bool {
        guard handle != nil else { return false }
        end.isLeft.withLock { $0 = true }
        guard program.leave(for: UInt32(clamping: time.milliseconds)) else {
            end.isLeft.withLock { $0 = false }
            return false
        }
        await watch.value
        return true
    }

    func stop() async {
        program.stop()
        await watch.value
    }
}
