import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowCompiler
import ImflowEngine
import ImflowPlan
import ImflowStore

enum PlanFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, mermaid, dot
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a job would do, without running it.",
        discussion: """
            As text, an estimate stands below the plan: units and shards as far as they are known before a split, the \
            critical path, the disk that inputs and outputs take, which calls the cache of this state folder answers and, when \
            earlier jobs of it called the same models, how long the job will take if every call is made. As JSON, the plan and the estimate are asked for one by one \
            (--estimate).

            Findings go to standard error. Exits with 1 when the job has errors, with 2 when a file cannot be read or \
            this machine lacks what a model asks for; it says what.
            """)

    @OptionGroup var source: JobSourceOptions
    @Option(help: "How the plan is shown: text, json, mermaid or dot.")
    var format: PlanFormat?
    @Flag(help: "Show the estimate alone.")
    var estimate = false
    @Option(help: "Attempts that run at once, for the estimate. Default: one per processor.")
    var concurrency: Int?
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func validate() throws {
        if let concurrency, !(1...4096).contains(concurrency) {
            throw ValidationError("--concurrency takes a number from 1 to 4096")
        }
        if estimate, format == .mermaid || format == .dot {
            throw ValidationError("--estimate is shown as text or json")
        }
    }

    func run() async throws {
        let compilation = try source.compile(submitting: false)
        guard let plan = compilation.plan else { throw ExitCode(ExitStatus.failed.rawValue) }
        let format = format ?? (output.output == .json ? .json : .text)
        switch format {
        case .text where !estimate: Console.write(PlanText(plan).render(jobID: compilation.jobID), to: STDOUT_FILENO)
        case .json where !estimate: Console.write(try Self.json(plan), to: STDOUT_FILENO)
        case .mermaid: return Console.write(PlanGraph(plan).mermaid, to: STDOUT_FILENO)
        case .dot: return Console.write(PlanGraph(plan).dot, to: STDOUT_FILENO)
        case .text, .json: break
        }
        let obstacles = Feasibility().obstacles(to: plan, disk: state.folder.root)
        if estimate || (format == .text && obstacles.isEmpty) {
            var estimate = JobEstimate(
                plan, history: try await history(of: plan), slots: concurrency ?? JobDriver.defaultConcurrency)
            estimate.cache = try await cached(plan)
            if format == .text {
                Console.write(estimate.text, to: STDOUT_FILENO)
            } else {
                Console.print(estimate.json(jobID: compilation.jobID, obstacles: obstacles))
            }
        }
        if !obstacles.isEmpty { throw CommandFailure(.usage, obstacles.joined(separator: "\n  ")) }
    }

    /// Nothing where no job has been run: looking makes no state folder.
    private func history(of plan: Plan) async throws -> WorkHistory {
        guard FileManager.default.fileExists(atPath: state.folder.database) else { return [:] }
        return try await state.open().database.history(of: JobEstimate.kinds(of: plan))
    }

    /// Nil where no stage may use the cache, or no job has been run.
    private func cached(_ plan: Plan) async throws -> CachePreview? {
        guard plan.stages.contains(where: { $0.policy.cache }),
            FileManager.default.fileExists(atPath: state.folder.database)
        else { return nil }
        return try await CachePreview(plan, state: state.open())
    }

    /// The plan as every command writes it.
    static func json(_ plan: Plan) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n"
    }
}
