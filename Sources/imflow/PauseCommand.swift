import ArgumentParser
import ImflowEngine
import ImflowJSON
import ImflowStore

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Have a job start nothing new and rest when what it runs has ended.",
        discussion: "The process that drives it ends with exit code 130. imflow resume continues the job.")

    @Argument(help: "The job's id, its beginning, or @latest.")
    var job: String
    @Flag(help: "Stay until nobody drives the job.")
    var wait = false
    @OptionGroup var patience: PatienceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let row = try await state.job(job)
        guard let holder = try await state.database.leaseHolder(job: row.id) else {
            if row.status.isFinished {
                throw CommandFailure(.usage, "job \(row.id) is over already: \(row.status.rawValue)")
            }
            return say(row.id, "pending", "nobody drives job \(row.id): imflow resume \(row.id) continues it")
        }
        try await state.database.request(.pause, job: row.id)
        guard wait else {
            return say(row.id, "pausing", "asked \(holder.description) to pause job \(row.id)")
        }
        let rest = Rest(database: state.database, patience: try patience.span)
        try await rest.wait { $0.filter { $0.job == row.id } }
        let now = try await state.job(row.id).status
        say(row.id, now.rawValue, "job \(row.id) is at rest: \(now.rawValue)")
    }

    private func say(_ job: String, _ status: String, _ text: String) {
        Console.note(text)
        guard output.output == .json else { return }
        Console.print(["schema": "imflow.pause/v1", "job_id": .string(job), "status": .string(status)])
    }
}
