import Glibc
import ImflowContent
import ImflowStore

/// Starts another imflow in the background that drives a job on: in a session of its own, so that it outlives the terminal.
struct DetachedEngine {
    var folder: StateFolder
    var job: String

    /// What the engine in the background says of its progress.
    var log: String { "\(folder.logs(job: job))/~engine.log" }

    /// How long an engine may take until it holds the job's lease, in seconds.
    private static let patience = 30

    /// Returns when the engine drives the job, or has ended: whoever asks for the job then finds it there.
    /// - Throws: ``CommandFailure``; the job is stored all the same and can be resumed.
    func start(in database: JobDatabase) async throws {
        let pid = try start()
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        for await _ in database.changes() {
            if try await database.leaseHolder(job: job) != nil { return }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) != 0 || ContinuousClock.now > deadline { return }
        }
    }

    private func start() throws -> pid_t {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard readlink("/proc/self/exe", &path, Int(PATH_MAX)) > 0 else { throw failure(errno) }
        mkdir("\(folder.root)/logs", 0o700)
        mkdir(folder.logs(job: job), 0o700)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // setsid(1) of util-linux, which every Debian has: Glibc's own way in posix_spawn is not visible in Swift. Our
        // descriptors are closed by their own O_CLOEXEC.
        let program = String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let words = ["setsid", program, "resume", job, "--state", folder.root]
        var vector: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/usr/bin/setsid", &actions, nil, &vector, environ)
        guard code == 0 else { throw failure(code) }
        return pid
    }

    private func failure(_ code: Int32) -> CommandFailure {
        CommandFailure(
            .infrastructure,
            "cannot start an engine in the background: \(String(cString: strerror(code)))\n"
                + "  job \(job) is safe: imflow resume \(job) runs it")
    }
}
