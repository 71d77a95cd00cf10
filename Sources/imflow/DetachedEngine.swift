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
        mkdir("\(folder.root)/logs", 0o700)
        mkdir(folder.logs(job: job), 0o700)
        do throws(DetachedProgram.Problem) {
            return try DetachedProgram.start(["resume", job, "--state", folder.root], log: log)
        } catch { throw failure(error.code) }
    }

    private func failure(_ code: Int32) -> CommandFailure {
        CommandFailure(
            .infrastructure,
            "cannot start an engine in the background: \(String(cString: strerror(code)))\n"
                + "  job \(job) is safe: imflow resume \(job) runs it")
    }
}
