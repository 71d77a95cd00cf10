import ArgumentParser
import ImflowEngine
import ImflowJSON
import ImflowStore

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a job; what it runs is ended.")

    @Argument(help: "The job's id, its beginning, or @latest.")
    var job: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let row = try await state.job(job)
        if row.status.isFinished {
            throw CommandFailure(.usage, "job \(row.id) is over already: \(row.status.rawValue)")
        }
        if let holder = try await state.database.leaseHolder(job: row.id) {
            try await state.database.request(.cancel, job: row.id)
            return say(row.id, "cancelling", "asked \(holder.description) to cancel job \(row.id)")
        }
        try await JobDriver.cancelAbandoned(row, in: state)
        say(row.id, "cancelled", "job \(row.id) is cancelled")
    }

    private func say(_ job: String, _ status: String, _ text: String) {
        Console.note(text)
        guard output.output == .json else { return }
        Console.print(["schema": "imflow.cancel/v1", "job_id": .string(job), "status": .string(status)])
    }
}
