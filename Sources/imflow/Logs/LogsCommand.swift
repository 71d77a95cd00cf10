import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowJSON
import ImflowStore

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what the models wrote to standard error.",
        discussion: """
            With --follow, what is written while the job runs is shown as it comes, each line with its log's name where there \
            are several, until nobody drives the job any more. A warm instance has a log of its own, whoever it serves.
            """)

    @Argument(
        help: ArgumentHelp(
            "JOB, or JOB/TASK for the logs of one task or instance (imflow graph names tasks).", valueName: "job/task"))
    var job: String
    @Flag(name: .shortAndLong, help: "Go on while the job runs.")
    var follow = false
    @Option(help: "Of each log, only so many last lines.")
    var tail: Int?
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("--tail takes the number of lines to show, 0 or more") }
        if follow, output.output == .json {
            throw ValidationError("--follow shows text as it comes: leave --output json out, or --follow")
        }
    }

    func run() async throws {
        let state = try self.state.open()
        let parts = job.split(separator: "/", maxSplits: 1)
        guard let id = parts.first else { throw CommandFailure(.usage, "name a job") }
        let row = try await state.job(String(id))
        let folder = state.folder.logs(job: row.id)
        let task = parts.count == 2 ? String(parts[1]) : nil
        if follow { return try await LogStream(state: state, job: row, task: task, tail: tail).run() }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        let wanted = names.filter { task.map($0.isLog(of:)) ?? true }
        if let task, wanted.isEmpty {
            if try await state.hasTask(task, in: row) { return Console.note("\(task) has written nothing") }
            throw CommandFailure(
                .usage, "no log of \(task) in job \(row.id): imflow graph --job \(row.id) lists its tasks")
        }
        switch output.output {
        case .text: for name in wanted { show(name, in: folder, titled: wanted.count > 1) }
        case .json:
            let logs = wanted.map { name -> JSONValue in
                let text = String(decoding: read(folder + "/" + name), as: UTF8.self)
                return ["name": .string(String(name.dropLast(".log".count))), "text": .string(text)]
            }
            Console.print(["schema": "imflow.logs/v1", "job_id": .string(row.id), "logs": .array(logs)])
        }
    }

    private func show(_ name: String, in folder: String, titled: Bool) {
        let bytes = read(folder + "/" + name)
        guard let last = bytes.last else { return }
        if titled { Console.print("== \(name.dropLast(".log".count))") }
        Console.write(bytes, to: STDOUT_FILENO)
        if last != UInt8(ascii: "\n") { Console.print("") }
    }

    private func read(_ path: String) -> [UInt8] {
        guard let tail else { return (try? Data(contentsOf: URL(filePath: path))).map(Array.init) ?? [] }
        var bytes: [UInt8] = []
        var log = GrowingLog(path)
        log.read(tail: tail) { bytes += $0 }
        log.finish { bytes += $0 }
        return bytes
    }
}

extension String {
    /// Whether a log's file, with or without `.log`, is of this task or instance.
    fileprivate func isLog(of task: String) -> Bool { hasPrefix(task + ".") || self == task }
}

extension State {
    /// Whether the job has a task of this name.
    func hasTask(_ name: String, in row: JobRow) async throws -> Bool {
        let machine = try await machine(row)
        return machine.tasks.indices.contains { machine.name(of: $0) == name }
    }
}

/// The logs of one job as they grow, on standard output.
private struct LogStream {
    let state: State
    let job: JobRow
    /// Nil: of all.
    let task: String?
    let tail: Int?

    /// Returns when nobody drives the job any more, or when nobody reads.
    func run() async throws {
        let folder = state.folder.logs(job: job.id)
        // Nothing can be watched before it is there; an engine makes it at the first call.
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if let task, !task.hasPrefix(LogFollower.instance), try await !state.hasTask(task, in: job),
            try await state.database.leaseHolder(job: job.id) == nil
        {
            throw CommandFailure(
                .usage, "job \(job.id) has no task \(task), and nobody drives it: imflow graph --job \(job.id) lists its tasks")
        }
        let watch = FolderWatch(folder)
        var follower = LogFollower(folder: folder, tail: tail) { name in task.map(name.isLog(of:)) ?? true }
        do {
            for await _ in wakes(watch) { try follower.read(watch.take(), skippingRepeated: task == nil, show) }
            // What was written before the job was let go is there by now.
            try follower.read(nil, skippingRepeated: task == nil, show)
            try follower.finish(show)
            if try await !state.job(job.id).status.isFinished {
                Console.note("job \(job.id) has not ended, and nobody drives it: imflow resume \(job.id) continues it")
            }
        } catch let error as Console.WriteError {
            if error.code == EPIPE { return }
            throw CommandFailure(.infrastructure, "cannot write to standard output: \(String(cString: strerror(error.code)))")
        }
    }

    private func show(_ line: LogFollower.Line) throws {
        let prefix = task == nil ? Array("\(line.log) | ".utf8) : []
        try Console.writeAll(prefix + line.bytes, to: STDOUT_FILENO)
    }

    /// Yields when a log has changed; ends when nobody drives the job.
    private func wakes(_ watch: FolderWatch) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let logs = Task {
                for await _ in watch.wakes() { continuation.yield() }
            }
            let changes = Task { [state, job] in
                for await _ in state.database.changes() where await !isDriven(job.id, in: state) { break }
                continuation.finish()
            }
            continuation.onTermination = { _ in
                logs.cancel()
                changes.cancel()
            }
        }
    }

    /// A database that is busy says nothing of the job: then it is asked again.
    private func isDriven(_ job: String, in state: State) async -> Bool {
        do { return try await state.database.leaseHolder(job: job) != nil } catch { return true }
    }
}
