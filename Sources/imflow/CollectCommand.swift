import ArgumentParser
import FoundationEssentials
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowStore

struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove stored content that no job refers to, and, if asked, old jobs.",
        discussion: "A job that could still be resumed is kept, whatever its age.")

    @Option(help: "Also forget jobs that succeeded or were cancelled more than this many days ago.")
    var olderThan: Int?
    @Flag(help: "Only say what would be removed.")
    var dryRun = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    /// Younger content may belong to a job that is about to write it down.
    private static let graceMilliseconds: Int64 = 3600 * 1000

    func validate() throws {
        if let olderThan, olderThan < 0 { throw ValidationError("--older-than takes a number of days") }
    }

    func run() async throws {
        let state = try self.state.open()
        let now = WallClock.now
        var kept = StoredReferences(content: state.content)
        var forgotten: [String] = []
        let rows = try await state.database.jobs(limit: .max)
        let roots = try await state.database.roots()
        let old = Set(rows.filter { isOld($0, now: now) }.map(\.id))
        for row in rows {
            // What models submitted is a part of the job at the top, and goes with it.
            if old.contains(roots[row.id] ?? row.id) {
                forgotten.append(row.id)
            } else {
                kept.add(row, facts: try await state.database.facts(of: row.id), machine: try await state.machine(row))
            }
        }
        let all = try state.content.all()
        let unused = all.filter { kept.owners[$0.hash] == nil && $0.modified < now - Self.graceMilliseconds }
        if !dryRun {
            for job in forgotten { try await forget(job, state) }
            for item in unused { try state.content.remove(item.hash) }
            _ = try state.content.removeLeftovers(olderThan: Self.graceMilliseconds / 1000)
        }
        show(forgotten: forgotten, unused: unused.map(\.size))
    }

    private func isOld(_ row: JobRow, now: Int64) -> Bool {
        guard let olderThan, row.status == .succeeded || row.status == .cancelled else { return false }
        return (row.summary.completedAt ?? now) < now - Int64(olderThan) * 86_400_000
    }

    private func forget(_ job: String, _ state: State) async throws {
        try await state.database.delete(job: job)
        for folder in [state.folder.work(job: job), state.folder.logs(job: job), state.folder.api(job: job)] {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    private func show(forgotten: [String], unused: [Int64]) {
        let bytes = unused.reduce(0, +)
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.gc/v1", "dry_run": .bool(dryRun), "jobs": .array(forgotten.map { .string($0) }),
                "files": .int(Int64(unused.count)), "bytes": .int(bytes),
            ])
        case .text:
            let verb = dryRun ? "would remove" : "removed"
            Console.print("\(verb) \(forgotten.count) jobs and \(unused.count) stored files (\(bytes) bytes)")
        }
    }
}
