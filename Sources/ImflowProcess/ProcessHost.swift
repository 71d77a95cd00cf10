import Glibc
package import ImflowContent
import Synchronization
package import ImflowExecution
package import ImflowInvocation
package import ImflowPlan

/// Runs models as processes of this machine, each in its model's folder and in a process group of its own.
///
/// A process gets a small part of our own environment (``ProcessCommand/inherited``), the model's `env`, the `IMFLOW_*`
/// variables of the call, and three marks by which an engine finds it again: `IMFLOW_TOKEN`, `IMFLOW_STATE` and
/// `IMFLOW_OWNER`. It ends as a whole: when its leader has ended, so does the rest of its group.
///
/// With a keeper, processes outlive the engine, and a recovered launch of a later one takes them back: see ``Keeper``.
package final class ProcessHost: ModelHost {
    package let node: String
    /// Names the state folder: processes that carry it in `IMFLOW_STATE` were started for it by some engine.
    private let stateMark: String
    private let stateRoot: String
    /// Names this host alone.
    private let owner: String
    private let spawner: any Spawner
    private let survivors: Survivors
    private let ports = LoopbackPorts()
    private let commands = CommandPaths()
    private let instances = Mutex<[String: ProcessInstance]>([:])
    /// The tokens of instances that were left for a later engine.
    private let left = Mutex<Set<String>>([])

    /// - Parameters:
    ///   - node: who signs for what runs here.
    ///   - stateRoot: the state folder; it exists.
    ///   - keeper: the program `imflow`, whose command `keeper` is to be the parent of the processes. Nil: this process is.
    ///     So it is, too, where no keeper can be started.
    package init(node: String, stateRoot: String, keeper: String? = nil) {
        self.node = node
        let root = Self.resolved(stateRoot)
        self.stateRoot = root
        stateMark = String(ContentHash(of: Array(root.utf8)).hex.prefix(32))
        spawner = keeper.map { KeeperSpawner(program: $0, stateRoot: root) } ?? OwnSpawner()
        survivors = Survivors(folder: KeeperFolder(StateFolder(root: root).keepers))
        owner = "\(getpid())-" + String(UInt64.random(in: .min ... .max), radix: 16)
        // A model that ends while we write to it is an error of that write, not the end of imflow. Started programs get
        // the default back.
        signal(SIGPIPE, SIG_IGN)
    }

    package func origin(of model: ModelPlan) async throws(Failure) -> ModelOrigin {
        let launch = Launch(
            model: model, job: "", task: "", attempt: 0, token: "", unit: nil, workFolder: "", environment: [:],
            logPath: "")
        let command = try ProcessCommand(launch, marks: [:], port: nil, paths: commands)
        return .folder(command.folder, program: command.program)
    }

    /// The folder's files and the program, as they are now, and the variables of ours that every program gets.
    package func fingerprint(of model: ModelPlan) async throws(Failure) -> String {
        guard case .folder(let folder, let program) = try await origin(of: model) else { return "" }
        let inherited = ProcessCommand.base.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "\0")
        let stateRoot = stateRoot
        return await withTaskExecutorPreference(BlockingThreads.shared) {
            let parts = [
                folder, FolderStamp.text(of: folder, excluding: [stateRoot]) ?? "", program,
                FolderStamp.text(ofFile: program) ?? "", inherited,
            ]
            return "folder " + ContentHash(of: Array(parts.joined(separator: "\0").utf8)).hex
        }
    }

    package var sites: Set<String> { [Self.site] }

    /// Of every host of processes.
    package static let site = "processes"

    package func guestFolder(for workFolder: String) -> String { workFolder }

    package var sharesPorts: Bool { true }

    package func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit {
        if launch.recovered { return try await takeBack(launch) }
        if Task.isCancelled { throw Failure(.cancelled, "the attempt was cancelled") }
        let order = try order(for: launch)
        let exit = await withTaskExecutorPreference(BlockingThreads.shared) {
            await Self.result { () async throws(Failure) in
                let request = try RequestInput(input, beside: launch.workFolder)
                return try await spawner.run(order, input: request)
            }
        }
        return try exit.get()
    }

    package func start(_ launch: Launch) async throws(Failure) -> any ModelInstance {
        let instance = await withTaskExecutorPreference(BlockingThreads.shared) {
            await Self.result { () async throws(Failure) in try begin(launch) }
        }
        return try instance.get()
    }

    /// Typed errors do not pass through a task executor's preference.
    private static func result<Value: Sendable>(
        _ body: () async throws(Failure) -> Value
    ) async -> Result<Value, Failure> {
        do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }

    private func begin(_ launch: Launch) throws(Failure) -> ProcessInstance {
        let port = launch.model.callProtocol.isHTTP ? try ports.take(preferring: launch.model.port) : nil
        do throws(Failure) {
            let order = try order(for: launch, port: port)
            let hook = hook(of: launch, port: port)
            let instance = try ProcessInstance(order, port: port, spawner: spawner, hook: hook) { [weak self] isLeft in
                self?.forget(launch.token, port: port, isLeft: isLeft)
            }
            instances.withLock { $0[launch.token] = instance }
            return instance
        } catch {
            forget(launch.token, port: port)
            throw error
        }
    }

    private func hook(of launch: Launch, port: Int?) -> ProcessInstance.HookOrder {
        { [weak self] words, number throws(Failure) in
            guard let self else { throw Failure(.cancelled, "the processes were ended") }
            return try self.order(for: launch, port: port, hook: words, number: number)
        }
    }

    package func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance {
        guard let port = Int(handle), (1...65535).contains(port) else {
            throw Failure(.lost, "“\(handle.prefix(100))” is no port of a warm instance")
        }
        let order = try order(for: launch, port: port)
        let channel = await withTaskExecutorPreference(BlockingThreads.shared) { survivors.take(order.key) }
        guard let channel else {
            throw Failure(.lost, "the warm instance of model \(launch.model.name) on port \(port) has ended")
        }
        let instance = ProcessInstance(
            KeeperTalk(channel, order), port: port, outlives: true, spawner: spawner, hook: hook(of: launch, port: port)
        ) { [weak self] isLeft in
            self?.forget(launch.token, port: nil, isLeft: isLeft)
        }
        instances.withLock { $0[launch.token] = instance }
        return instance
    }

    package func sweep(job: String, keeping tokens: Set<String>) async {
        let found = ProcessTable.processes(carrying: ["IMFLOW_STATE=\(stateMark)", "IMFLOW_JOB_ID=\(job)"])
            .filter { process in process.variable("IMFLOW_TOKEN").map { !tokens.contains($0) } ?? true }
        await ProcessTable.end(found)
        await withTaskExecutorPreference(BlockingThreads.shared) { survivors.awaitFarewells() }
    }

    package func shutdown() async {
        let running = instances.withLock { Array($0.values) }
        await withTaskGroup(of: Void.self) { group in
            for instance in running { group.addTask { await instance.stop() } }
        }
        // What left its process group is found by its mark.
        let left = left.withLock { $0 }
        let strays = ProcessTable.processes(carrying: ["IMFLOW_OWNER=\(owner)"])
            .filter { process in process.variable("IMFLOW_TOKEN").map { !left.contains($0) } ?? true }
        await ProcessTable.end(strays)
        await withTaskExecutorPreference(BlockingThreads.shared) { spawner.shutdown(leaving: !left.isEmpty) }
    }

    private func forget(_ token: String, port: Int?, isLeft: Bool = false) {
        if isLeft { left.withLock { _ = $0.insert(token) } }
        instances.withLock { _ = $0.removeValue(forKey: token) }
        if let port { ports.giveBack(port) }
    }

    /// - Parameters:
    ///   - hook: a command to be run beside the launch's own program; nil: that program.
    ///   - number: of the hook's run, among those of its instance.
    private func order(
        for launch: Launch, port: Int? = nil, hook: [String]? = nil, number: Int = 0
    ) throws(Failure) -> ProgramOrder {
        let marks = ["IMFLOW_TOKEN": launch.token, "IMFLOW_STATE": stateMark, "IMFLOW_OWNER": owner]
        var command = try ProcessCommand(launch, marks: marks, port: port, paths: commands)
        if let hook { command = try command.running(hook, paths: commands) }
        let suffix = hook == nil ? "" : ".hook-\(number)"
        return ProgramOrder(
            key: ProgramOrder.key(token: launch.token, unit: launch.unit) + suffix, program: command.laidOut,
            logPath: launch.logPath, redactor: command.redactor,
            recordPath: ProgramOrder.recordPath(of: launch) + suffix, marks: self.marks(of: launch),
            outlives: hook == nil ? Self.milliseconds(launch) : 0)
    }

    /// Devices are held by engines alone: who has some ends with its engine.
    private static func milliseconds(_ launch: Launch) -> UInt32 {
        guard launch.devices.isEmpty, launch.model.callProtocol.isHTTP else { return 0 }
        return UInt32(clamping: launch.outlives?.milliseconds ?? 0)
    }

    private func marks(of launch: Launch) -> [String] {
        ["IMFLOW_STATE=\(stateMark)", "IMFLOW_TOKEN=\(launch.token)"]
    }

    /// Waits for the end of what an earlier engine started, or learns how it ended meanwhile. What nobody kept is ended:
    /// what it printed went to the engine that is gone. What failed meanwhile may have failed because that engine was gone.
    private func takeBack(_ launch: Launch) async throws(Failure) -> Exit {
        let key = ProgramOrder.key(token: launch.token, unit: launch.unit)
        let exit = await withTaskExecutorPreference(BlockingThreads.shared) {
            await survivors.adopt(key, record: ProgramOrder.recordPath(of: launch))
        }
        if let exit { return exit }
        await ProcessTable.end(ProcessTable.processes(carrying: marks(of: launch)))
        throw Failure(
            .lost, "the engine was restarted while the process ran, and it is not known to have succeeded since; "
                + "what was left of it was ended")
    }

    /// The folder may be named in many ways; the processes' marks depend on the folder alone.
    private static func resolved(_ root: String) -> String {
        guard let real = realpath(root, nil) else { return root }
        defer { free(real) }
        return String(cString: real)
    }
}
