import ArgumentParser
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan
import ImflowStore

extension State {
    /// The plan and the folded journal of a job.
    func machine(_ row: JobRow) async throws -> JobMachine {
        do {
            let plan = try StoredPlan.read(row.plan, from: content)
            let facts = try await database.facts(of: row.id)
            var machine = JobMachine(
                job: row.id, plan: plan, plans: try StoredPlan.named(by: facts, in: content))
            for fact in facts { machine.apply(fact) }
            return machine
        } catch let error as StoreError {
            throw CommandFailure(.infrastructure, error.description)
        } catch let error as ContentError {
            throw CommandFailure(.infrastructure, error.description)
        }
    }

    func view(_ row: JobRow, folded: Bool) async throws -> JobView {
        let driven = try await database.leaseHolder(job: row.id) != nil
        guard folded, !row.status.isFinished || row.status == .partial else {
            return JobView(id: row.id, content: content, summary: row.summary, isDriven: driven)
        }
        let machine = try await machine(row)
        return JobView(
            id: row.id, content: content, summary: machine.summary, isDriven: driven,
            holes: try Holes(machine, content: content))
    }
}

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "job", abstract: "Show one job, or list all.")

    @Option(help: "The job's id, its beginning, or @latest. Without it: all jobs, newest first.")
    var id: String?
    @Flag(help: "Show every receipt, too.")
    var details = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        guard let id else { return try await list(state) }
        let row = try await state.job(id)
        let view = try await state.view(row, folded: true)
        let receipts = details ? try await state.database.receipts(of: row.id) : nil
        switch output.output {
        case .json: Console.print(try view.json(receipts: receipts))
        case .text: Console.print(view.text(receipts: receipts))
        }
    }

    private func list(_ state: State) async throws {
        var views: [JobView] = []
        for row in try await state.database.jobs() { views.append(try await state.view(row, folded: false)) }
        switch output.output {
        case .json:
            let jobs = views.map { view -> JSONValue in
                [
                    "job_id": .string(view.id), "status": .string(view.status.rawValue),
                    "submitted_at": .string(WallClock.text(view.summary.submittedAt)),
                    "total_shards": .int(Int64(view.summary.totalShards)),
                    "succeeded": .int(Int64(view.summary.succeeded)), "failed": .int(Int64(view.summary.failed)),
                ]
            }
            Console.print(["schema": "imflow.jobs/v1", "jobs": .array(jobs)])
        case .text:
            for view in views {
                let shards = "\(view.summary.succeeded)/\(view.summary.totalShards)"
                let status = view.status.rawValue.padding(to: 10)
                Console.print(
                    "\(view.id.padding(to: 12)) \(status) \(shards.padding(to: 12)) \(WallClock.text(view.summary.submittedAt))"
                )
            }
        }
    }
}

extension String {
    /// Spaces added at the end up to `width` characters.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
