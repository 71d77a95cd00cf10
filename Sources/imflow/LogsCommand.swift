import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowJSON

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what the models wrote to standard error.")

    @Argument(help: "JOB, or JOB/TASK for the logs of one task (imflow graph names them).")
    var job: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let parts = job.split(separator: "/", maxSplits: 1)
        guard let id = parts.first else { throw CommandFailure(.usage, "name a job") }
        let row = try await state.job(String(id))
        let folder = state.folder.logs(job: row.id)
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        let wanted = parts.count == 2 ? names.filter { $0.hasPrefix(parts[1] + ".") } : names
        if parts.count == 2, wanted.isEmpty {
            let machine = try await state.machine(row)
            if machine.tasks.indices.contains(where: { machine.name(of: $0) == parts[1] }) {
                return Console.note("\(parts[1]) has written nothing")
            }
            throw CommandFailure(
                .usage, "no log of \(parts[1]) in job \(row.id): imflow graph --job \(row.id) lists its tasks")
        }
        switch output.output {
        case .text: for name in wanted { show(name, in: folder, titled: wanted.count > 1) }
        case .json:
            let logs = wanted.map { name -> JSONValue in
                let text = String(decoding: read(folder + "/" + name), as: UTF8.self)
                return ["name": .string(String(name.dropLast(".log".count))), "text": .string(text)]
            }
            Console.print(["schema": "imflow.logs/v1", "job_id": .string(row.id), "logs": .array(logs)])
        }
    }

    private func show(_ name: String, in folder: String, titled: Bool) {
        let bytes = read(folder + "/" + name)
        guard let last = bytes.last else { return }
        if titled { Console.print("== \(name.dropLast(".log".count))") }
        Console.write(bytes, to: STDOUT_FILENO)
        if last != UInt8(ascii: "\n") { Console.print("") }
    }

    private func read(_ path: String) -> [UInt8] { (try? Data(contentsOf: URL(filePath: path))).map(Array.init) ?? [] }
}
