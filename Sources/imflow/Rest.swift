import ArgumentParser
import ImflowEngine
import ImflowIR
import ImflowPlan
import ImflowStore

struct PatienceOptions: ParsableArguments {
    @Option(help: "How long to wait, such as 30s or 10m. Default: for as long as it takes.")
    var timeout: String?

    /// Nil: for as long as it takes.
    var span: TimeSpan? {
        get throws {
            do throws(QuantityError) {
                return try timeout.map { text throws(QuantityError) in try TimeSpan.parse(text) }
            } catch {
                throw ValidationError("--timeout: \(error.message)\(error.help.map { "; \($0)" } ?? "")")
            }
        }
    }
}

/// Waits for jobs to be driven by nobody.
struct Rest {
    var database: JobDatabase
    var patience: TimeSpan?

    /// Returns when `remaining` names none.
    /// - Parameter remaining: told of every job that is driven, after each change; answers those that are waited for.
    /// - Throws: ``CommandFailure`` with ``ExitStatus/failed`` when the time is over.
    func wait(_ remaining: ([(job: String, holder: LeaseHolder)]) async throws -> [(job: String, holder: LeaseHolder)])
        async throws
    {
        let deadline = patience.map { ContinuousClock.now + .milliseconds($0.milliseconds) }
        for await _ in alarmed(deadline) {
            let left = try await remaining(try await database.drivenJobs())
            if left.isEmpty { return }
            if let deadline, ContinuousClock.now >= deadline {
                let who = left.map { "job \($0.job) by \($0.holder.description)" }
                throw CommandFailure(.failed, "still driven: \(who.joined(separator: ", "))")
            }
        }
    }

    /// The database's changes, and the moment at which the time is over.
    private func alarmed(_ deadline: ContinuousClock.Instant?) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let changes = Task { [database] in
                for await _ in database.changes() { continuation.yield() }
            }
            let alarm = Task {
                guard let deadline else { return }
                try? await Task.sleep(until: deadline, clock: .continuous)
                continuation.yield()
            }
            continuation.onTermination = { _ in
                changes.cancel()
                alarm.cancel()
            }
        }
    }
}
