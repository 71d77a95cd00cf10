import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowCompiler
import ImflowPlan

enum PlanFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, mermaid, dot
}

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a job would do, without running it.",
        discussion:
            "Findings go to standard error. Exits with 1 when the job has errors, with 2 when a file cannot be read.")

    @OptionGroup var source: JobSourceOptions
    @Option(help: "How the plan is shown: text, json, mermaid or dot.")
    var format: PlanFormat?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let compilation = try source.compile(submitting: false)
        guard let plan = compilation.plan else { throw ExitCode(ExitStatus.failed.rawValue) }
        let text: String
        switch format ?? (output.output == .json ? .json : .text) {
        case .text: text = PlanText(plan).render(jobID: compilation.jobID)
        case .json: text = try Self.json(plan)
        case .mermaid: text = PlanGraph(plan).mermaid
        case .dot: text = PlanGraph(plan).dot
        }
        Console.write(text, to: STDOUT_FILENO)
    }

    /// The plan as every command writes it.
    static func json(_ plan: Plan) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n"
    }
}
