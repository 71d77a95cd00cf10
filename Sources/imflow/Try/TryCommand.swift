import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowData
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
    @Option(
        help: ArgumentHelp(
            "Private addresses, ranges or hosts that files may be fetched from, as in 10.0.0.0/8,nas.local; all: any. Repeatable. See IMFLOW_ALLOW_PRIVATE.",
            valueName: "addresses"))
    var allowPrivate: [String] = []
    @Flag(help: "Show requests and replies to their end, however long.")
    var full = false
    @Flag(
        help: ArgumentHelp(
            "Call nothing; print what the model takes and gives. An oip or cog server is started and asked, and held against the manifest."))
    var describe = false
    @OptionGroup var search: ModelOptions
    @OptionGroup var output: OutputOptions

    private static let mostCalls = 10_000

    func validate() throws {
        guard (1...Self.mostCalls).contains(`repeat`) else {
            throw ValidationError("--repeat takes a number from 1 to \(Self.mostCalls)")
        }
        if let keep { try validate(folder: absolutePath(keep), named: keep) }
        do throws(PrivateAddresses.Mistake) { _ = try allowed } catch { throw ValidationError("--allow-private: \(error.text)") }
    }

    /// What can be known of it before a call is made for nothing.
    private func validate(folder: String, named name: String) throws {
        var status = stat()
        if lstat(folder, &status) == 0 { throw ValidationError("--keep \(name): it exists; name a new folder") }
        let parent = PathText.parent(folder)
        guard access(parent, W_OK | X_OK) == 0 else {
            throw ValidationError("--keep \(name): cannot make it in \(parent): \(String(cString: strerror(errno)))")
        }
    }

    /// Nil: as IMFLOW_ALLOW_PRIVATE says.
    private var allowed: PrivateAddresses? {
        get throws(PrivateAddresses.Mistake) {
            allowPrivate.isEmpty ? nil : try PrivateAddresses(allowPrivate.joined(separator: ","))
        }
    }

    func run() async throws {
        if describe { return try await describeModel() }
        let tried = try TriedModel(model, input: try TryInput.members(input), search: search)
        Descriptors.raiseLimit()
        let report = TryReport(tried, isFull: full)
        report.begin(where: executor)
        report.noteInput()
        guard tried.verdict.fits else { throw ExitCode(end(report, .failed).rawValue) }
        let calls = TryCalls(
            tried, executor: executor, engines: engines.dockerHost, count: `repeat`, report: report,
            keep: keep.map(absolutePath), allowing: try allowed)
        let status = try await interruptible { try await calls.run() }
        throw ExitCode(end(report, status).rawValue)
    }

    private func describeModel() async throws {
        let tried = try TriedModel(model, input: nil, search: search)
        guard tried.model.tellsPorts else {
            return Console.print(DescribedModel(tried.model, ports: nil).shown(output.output))
        }
        Descriptors.raiseLimit()
        let report = TryReport(tried, isFull: full)
        report.begin(where: executor)
        let calls = TryCalls(
            tried, executor: executor, engines: engines.dockerHost, count: 1, report: report, keep: nil, allowing: nil)
        let ports = try await interruptible { try await calls.ports() }
        switch ports {
        case .success(let ports):
            let described = DescribedModel(tried.model, ports: ports)
            Console.print(described.shown(output.output))
            if !described.agrees { throw ExitCode(ExitStatus.failed.rawValue) }
        case .failure(let failure):
            // What the manifest says is known all the same.
            Console.print(DescribedModel(tried.model, ports: nil).shown(output.output))
            throw ExitCode(failure.status.rawValue)
        }
    }

    /// Ctrl-C cancels the task that `body` runs in.
    private func interruptible<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await body() }
        let signals = SignalWatch { press in
            // What is started must be ended; whoever presses again and again is not kept waiting.
            if press > 3 { _exit(ExitStatus.interrupted.rawValue) }
            task.cancel()
        }
        defer { signals.stop() }
        return try await task.value
    }

    private func end(_ report: TryReport, _ status: ExitStatus) -> ExitStatus {
        if output.output == .json { Console.print(report.json) } else { report.printResult() }
        return status
    }
}

extension ModelPlan {
    /// Whether its protocol has words for what a server takes and gives.
    fileprivate var tellsPorts: Bool { callProtocol == .oip || callProtocol == .cog }
}
