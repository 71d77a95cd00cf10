import Glibc
import ImflowExecution
import ImflowInvocation

/// A warm program that another engine started, on this machine. It ends with that engine.
final class BorrowedProcess: ModelInstance {
    let baseURL: String?
    private let id: pid_t
    private let startTime: String
    private let command: ProcessCommand
    private let token: String
    private let mark: String
    private let logPath: String
    private let memory: OutOfMemoryCounter
    private let paths: CommandPaths

    /// - Parameters:
    ///   - startTime: as /proc says it; with the id, it names a process for good.
    ///   - mark: the state folder's.
    init(
        id: pid_t, startTime: String, port: Int, command: ProcessCommand, token: String, mark: String, logPath: String,
        memory: OutOfMemoryCounter, paths: CommandPaths
    ) {
        baseURL = "http://127.0.0.1:\(port)"
        self.id = id
        self.startTime = startTime
        self.command = command
        self.token = token
        self.mark = mark
        self.logPath = logPath
        self.memory = memory
        self.paths = paths
    }

    /// How it ended is known to the engine that started it.
    func exit() async -> Exit? { ProcessTable.startTime(of: id) == startTime ? nil : Exit(code: nil) }

    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? {
        throw Failure(.app, "a program that another engine started takes no lines")
    }

    func execute(_ words: [String]) async throws(Failure) -> Exit {
        if let exit = await exit() { return exit }
        let hook = try command.running(words, paths: paths)
        let log = BoundedLog(path: logPath, limit: Launch.logLimit, redactor: command.redactor)
        let memory = memory
        let result = await withTaskExecutorPreference(BlockingThreads.shared) { () async -> Result<Exit, Failure> in
            do throws(Failure) {
                return .success(try await ModelProcess.runHook(hook, log: log, memory: memory))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    func stop() async {
        await ProcessTable.end(ProcessTable.processes(carrying: ["IMFLOW_STATE=\(mark)", "IMFLOW_TOKEN=\(token)"]))
    }
}
