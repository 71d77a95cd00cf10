import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowContent
import ImflowJSON
import ImflowStore

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look for damage in a state folder, and repair it.",
        discussion: """
            Looks at the database's file, at each job's journal and plan, at every stored content (its bytes are hashed \
            again), at the leases and work folders that engines left behind, and at the free space. --repair takes out what is \
            damaged and what nobody needs; jobs whose outputs or journals it hits make them again on imflow resume. \
            A database that is no longer whole is kept beside the one that is made of what can be read. Nothing is repaired \
            while an engine runs there. Exits with 0 when nothing is left of what was found, else with 1.
            """)

    @Flag(help: "Repair what can be repaired.")
    var repair = false
    @Flag(help: "Do not hash stored contents again: much faster where there are many.")
    var quick = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let folder = state.folder
        guard FileManager.default.fileExists(atPath: folder.root) else {
            throw CommandFailure(.usage, "there is no state folder \(folder.root): name another one with --state")
        }
        var doctor = StateDoctor(folder: folder, repairs: repair, hashesContent: !quick)
        try await doctor.examine()
        show(doctor.findings, of: folder)
        if doctor.findings.contains(where: { !$0.isRepaired }) { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func show(_ findings: [StateDoctor.Finding], of folder: StateFolder) {
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.doctor/v1", "state": .string(folder.root),
                "findings": .array(
                    findings.map {
                        [
                            "what": .string($0.what), "where": .string($0.place), "message": .string($0.message),
                            "repaired": .bool($0.isRepaired), "help": .string($0.help),
                        ]
                    }),
            ])
        case .text:
            for finding in findings {
                Console.print("\(finding.isRepaired ? "repaired" : "found   ")  \(finding.place): \(finding.message)")
                if !finding.help.isEmpty { Console.print("            \(finding.help)") }
            }
            let left = findings.count { !$0.isRepaired }
            Console.print(
                findings.isEmpty
                    ? "\(folder.root) is sound"
                    : "\(findings.count) findings, \(left) left\(left > 0 && !repair ? ": imflow doctor --repair" : "")")
        }
    }
}
