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
package final class ProcessHost: ModelHost {
    package let node: String
    /// Names the state folder: processes that carry it in `IMFLOW_STATE` were started for it by some engine.
    private let stateMark: String
    /// Names this host alone.
    private let owner: String
    private let memory = OutOfMemoryCounter()
    private let ports = LoopbackPorts()
    private let commands = CommandPaths()
    private let instances = Mutex<[String: ProcessInstance]>([:])

    /// - Parameters:
    ///   - node: who signs for what runs here.
    ///   - stateRoot: the state folder.
    package init(node: String, stateRoot: String) {
        self.node = node
        stateMark = Self.mark(of: stateRoot)
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

    package func guestFolder(for workFolder: String) -> String { workFolder }

    package func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit {
        if launch.recovered { try await endLeftovers(of: launch) }
        if Task.isCancelled { throw Failure(.cancelled, "the attempt was cancelled") }
        let command = try command(for: launch)
        let log = BoundedLog(path: launch.logPath, limit: Launch.logLimit, redactor: command.redactor)
        let exit = await withTaskExecutorPreference(BlockingThreads.shared) {
            await Self.result { () async throws(Failure) in
                let request = try RequestInput(input, beside: launch.workFolder)
                return try await ModelProcess.run(command, input: request, log: log, memory: memory)
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
        let port = launch.model.callProtocol == .rest ? try ports.take(preferring: launch.model.port) : nil
        do throws(Failure) {
            let command = try command(for: launch, port: port)
            let log = BoundedLog(path: launch.logPath, limit: Launch.logLimit, redactor: command.redactor)
            let instance = try ProcessInstance(command: command, port: port, log: log, memory: memory, paths: commands) {
                [weak self] in
                self?.forget(launch.token, port: port)
            }
            instances.withLock { $0[launch.token] = instance }
            return instance
        } catch {
            forget(launch.token, port: port)
            throw error
        }
    }

    package func sweep(job: String, keeping tokens: Set<String>) async {
        let found = ProcessTable.processes(carrying: ["IMFLOW_STATE=\(stateMark)", "IMFLOW_JOB_ID=\(job)"])
            .filter { process in process.variable("IMFLOW_TOKEN").map { !tokens.contains($0) } ?? true }
        await ProcessTable.end(found)
    }

    package func shutdown() async {
        let running = instances.withLock { Array($0.values) }
        await withTaskGroup(of: Void.self) { group in
            for instance in running { group.addTask { await instance.stop() } }
        }
        // What left its process group is found by its mark.
        await ProcessTable.end(ProcessTable.processes(carrying: ["IMFLOW_OWNER=\(owner)"]))
    }

    private func forget(_ token: String, port: Int?) {
        instances.withLock { _ = $0.removeValue(forKey: token) }
        if let port { ports.giveBack(port) }
    }

    private func command(for launch: Launch, port: Int? = nil) throws(Failure) -> ProcessCommand {
        let marks = ["IMFLOW_TOKEN": launch.token, "IMFLOW_STATE": stateMark, "IMFLOW_OWNER": owner]
        return try ProcessCommand(launch, marks: marks, port: port, paths: commands)
    }

    /// A process cannot be adopted: its output went to the engine that is gone.
    private func endLeftovers(of launch: Launch) async throws(Failure) -> Never {
        let marks = ["IMFLOW_STATE=\(stateMark)", "IMFLOW_TOKEN=\(launch.token)"]
        await ProcessTable.end(ProcessTable.processes(carrying: marks))
        throw Failure(.lost, "the engine was restarted while the process ran; what was left of it was ended")
    }

    /// The folder may be named in many ways; the mark depends on the folder alone.
    private static func mark(of root: String) -> String {
        var path = root
        if let real = realpath(root, nil) {
            path = String(cString: real)
            free(real)
        }
        return String(ContentHash(of: Array(path.utf8)).hex.prefix(32))
    }
}
