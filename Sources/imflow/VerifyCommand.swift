import ArgumentParser
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowStore

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Hash every stored output of a job again, and compare it with its receipt.")

    @Argument(help: "The job's id, its beginning, or @latest.")
    var job: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let row = try await state.job(job)
        let facts = try await state.database.facts(of: row.id)
        var damaged: [(owner: String, reason: String)] = []
        var references = StoredReferences(content: state.content)
        references.add(row, facts: facts, machine: try await state.machine(row))
        damaged += references.damaged
        for (hash, owner) in references.owners.sorted(by: { $0.key.hex < $1.key.hex }) {
            do {
                if try !state.content.verify(hash) {
                    damaged.append((owner, "\(hash) does not hold what its name says"))
                }
            } catch {
                damaged.append((owner, error.description))
            }
        }
        let receipts = try await state.receipts(row)
        var seen: Set<String> = []
        damaged = damaged.filter { seen.insert("\($0.owner) \($0.reason)").inserted }
        show(row.id, receipts: receipts.count, files: references.owners.count, damaged: damaged)
        if !damaged.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func show(_ job: String, receipts: Int, files: Int, damaged: [(owner: String, reason: String)]) {
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.verify/v1", "job_id": .string(job), "receipts": .int(Int64(receipts)),
                "stored": .int(Int64(files)), "intact": .bool(damaged.isEmpty),
                "damaged": .array(damaged.map { ["owner": .string($0.owner), "reason": .string($0.reason)] }),
            ])
        case .text:
            for item in damaged { Console.print("\(item.owner): \(item.reason)") }
            let verdict = damaged.isEmpty ? "all intact" : "\(damaged.count) damaged"
            Console.print("job \(job): \(receipts) receipts, \(files) stored outputs and inputs: \(verdict)")
        }
    }
}
