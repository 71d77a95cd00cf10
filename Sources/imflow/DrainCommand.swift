import ArgumentParser
import ImflowEngine
import ImflowJSON
import ImflowStore

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Pause every job of the state folder, and wait until none is driven.",
        discussion: """
            For maintenance: what runs ends, nothing new starts, and imflow resume continues each job. A job that is started \
            meanwhile is paused, too. Exit code 1: some are still driven when the time is over; they were asked all the same.
            """)

    @OptionGroup var patience: PatienceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        var asked: [String: LeaseHolder] = [:]
        let rest = Rest(database: state.database, patience: try patience.span)
        try await rest.wait { driven in
            for (job, holder) in driven where asked[job] != holder {
                asked[job] = holder
                try await state.database.request(.pause, job: job)
                Console.note("asked \(holder.description) to pause job \(job)")
            }
            return driven
        }
        let jobs = asked.keys.sorted()
        switch output.output {
        case .json: Console.print(["schema": "imflow.drain/v1", "jobs": .array(jobs.map { .string($0) })])
        case .text:
            Console.note(
                jobs.isEmpty ? "no job is driven" : "no job is driven any more: \(jobs.joined(separator: ", "))")
        }
    }
}
