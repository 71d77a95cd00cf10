import ArgumentParser
import Glibc
import ImflowEngine
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan

struct TryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Call one model once and show everything: the loop of a model's author.",
        discussion: """
            The model starts where imflow run would start it, gets one request, and is ended. What happens is told on standard \
            error as it happens, the result goes to standard output, and nothing is kept: no job, no files but those of --keep. \
            Exits with 1 when the input or the result breaks its schema, or the model fails.
            """)

    @Argument(help: "The model: its name, or the path of its manifest or folder.")
    var model: String
    @Option(
        help: ArgumentHelp(
            "A member of the input as key=value (value is JSON or else a string; repeatable); or the whole input: JSON, @file, or - for standard input.",
            valueName: "input"))
    var input: [String] = []
    @Option(help: "Call it so often, one call after the other, and tell the fastest, the middle and the slowest.")
    var `repeat` = 1
    @Option(help: "Where it runs: auto (docker when it has an image, else process), process or docker.")
    var executor: ExecutorChoice = .auto
    @OptionGroup var engines: EngineOptions
    @Option(help: ArgumentHelp("Write the result, and the files that it names, into this new folder.", valueName: "dir"))
    var keep: String?
    @Flag(help: "Show requests and replies to their end, however long.")
    var full = false
    @Flag(help: "Call nothing; print what the model takes and gives.")
    var describe = false
    @OptionGroup var search: ModelOptions
    @OptionGroup var output: OutputOptions

    private static let mostCalls = 10_000

    func validate() throws {
        guard (1...Self.mostCalls).contains(`repeat`) else {
            throw ValidationError("--repeat takes a number from 1 to \(Self.mostCalls)")
        }
        if let keep, access(absolutePath(keep), F_OK) == 0 { throw ValidationError("--keep \(keep): it exists; name a new folder") }
    }

    func run() async throws {
        if describe {
            let tried = try TriedModel(model, input: nil, search: search)
            return Console.print(ManifestPorts(tried.model).shown(output.output))
        }
        let tried = try TriedModel(model, input: try TryInput.members(input), search: search)
        Descriptors.raiseLimit()
        let report = TryReport(tried, isFull: full)
        report.begin(where: executor)
        guard tried.verdict.fits else { throw ExitCode(end(report, .failed).rawValue) }
        let made = TryCalls(
            tried, executor: executor, engines: engines.dockerHost, count: `repeat`, report: report, keep: keep.map(absolutePath))
        let calls = Task { try await made.run() }
        let signals = SignalWatch { press in
            // What is started must be ended; whoever presses again and again is not kept waiting.
            if press > 3 { _exit(ExitStatus.interrupted.rawValue) }
            calls.cancel()
        }
        defer { signals.stop() }
        throw ExitCode(end(report, try await calls.value).rawValue)
    }

    private func end(_ report: TryReport, _ status: ExitStatus) -> ExitStatus {
        if output.output == .json { Console.print(report.json) } else { report.printResult() }
        return status
    }
}
