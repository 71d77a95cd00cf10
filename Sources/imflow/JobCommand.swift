import ArgumentParser
import Glibc
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan
import ImflowStore

extension State {
    /// The plan and the folded journal of a job.
    func machine(_ row: JobRow) async throws -> JobMachine { try await fold(row, into: ()) { _, _, _ in }.machine }

    /// As ``machine(_:)``, with a watch that knows by which images its results were made.
    func watchedMachine(_ row: JobRow) async throws -> (machine: JobMachine, images: ImageWatch) {
        let images = ImageWatch()
        let machine = try await fold(row, into: ()) { _, machine, fact in _ = images.heed(fact, of: machine) }.machine
        return (machine, images)
    }

    /// The receipts of a job's attempts, in the order in which they were committed.
    func receipts(_ row: JobRow) async throws -> [Receipt] {
        try await fold(row, into: [Receipt]()) { receipts, machine, fact in
            if let receipt = machine.receipt(of: fact) { receipts.append(receipt) }
        }.other
    }

    /// Folds the journal into a machine, and hands each fact, with the machine before it, to `step`.
    private func fold<Other: Sendable>(
        _ row: JobRow, into other: Other, step: @escaping @Sendable (inout Other, JobMachine, Fact) -> Void
    ) async throws -> (machine: JobMachine, other: Other) {
        do {
            let machine = JobMachine(job: row.id, plan: try StoredPlan.read(row.plan, from: content))
            return try await database.fold(row.id, into: (machine: machine, other: other)) { [content] state, fact in
                if case .replanned(let replan) = fact {
                    state.machine.plans[replan.plan.hash] = try StoredPlan.read(replan.plan, from: content)
                }
                step(&state.other, state.machine, fact)
                state.machine.apply(fact)
            }
        } catch let error as StoreError {
            throw CommandFailure(.infrastructure, error.description)
        } catch let error as ContentError {
            throw CommandFailure(.infrastructure, error.description)
        }
    }

    func view(_ row: JobRow, folded: Bool) async throws -> JobView {
        let driver = try await database.leaseHolder(job: row.id)
        guard folded, !row.status.isFinished || row.status == .partial else {
            return JobView(id: row.id, content: content, summary: row.summary, isDriven: driver != nil, driver: driver)
        }
        let machine = try await machine(row)
        return JobView(
            id: row.id, content: content, summary: machine.summary, isDriven: driver != nil, driver: driver,
            holes: try Holes(machine, content: content))
    }
}

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "job", abstract: "Show one job, or list all.",
        discussion: "Jobs that a job's models submitted are shown with that job.")

    /// Jobs listed at most.
    private static let listLimit = 1000

    @Option(help: "The job's id, its beginning, or @latest. Without it: all jobs, newest first.")
    var id: String?
    @Flag(help: "Show every receipt, too, and what is published.")
    var details = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        guard let id else { return try await list(state) }
        let row = try await state.job(id)
        var view = try await state.view(row, folded: true)
        view.origin = try await state.database.origin(ofChild: row.id)
        view.children = try await state.database.children(of: row.id)
        let receipts = details ? try await state.receipts(row) : nil
        if details {
            let published = PublishedResults(state.folder, job: row.id).read()
            view.published = published.isEmpty ? nil : published
        }
        switch output.output {
        case .json: Console.print(try view.json(receipts: receipts))
        case .text: Console.print(view.text(receipts: receipts))
        }
    }

    private func list(_ state: State) async throws {
        let lines = try await state.database.lines(limit: Self.listLimit)
        switch output.output {
        case .json:
            let jobs = lines.map { line -> JSONValue in
                [
                    "job_id": .string(line.id), "status": .string(line.status.rawValue),
                    "submitted_at": .string(WallClock.text(line.submittedAt)),
                    "total_shards": .int(Int64(line.totalShards)), "succeeded": .int(Int64(line.succeeded)),
                    "failed": .int(Int64(line.failed)),
                ]
            }
            Console.print(["schema": "imflow.jobs/v1", "jobs": .array(jobs)])
        case .text:
            let rows = lines.map { line in
                let shards = "\(line.succeeded)/\(line.totalShards)"
                return "\(line.id.padding(to: 12)) \(line.status.rawValue.padding(to: 10)) \(shards.padding(to: 12)) "
                    + "\(WallClock.text(line.submittedAt))\n"
            }
            Console.write(rows.joined(), to: STDOUT_FILENO)
        }
    }
}

extension String {
    /// Spaces added at the end up to `width` characters.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
