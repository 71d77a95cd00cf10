import ArgumentParser
import ImflowCompiler
import ImflowContent
import ImflowEngine
import ImflowPlan

struct ExecutionOptions: ParsableArguments {
    @Option(help: "Where models run: auto (docker when the model has an image, else process), process or docker.")
    var executor: ExecutorChoice?
    @Option(help: "Attempts that run at once. Default: one per processor.")
    var concurrency: Int?
    @Option(help: "Write the result to this file instead of standard output; a resume does the same.")
    var result: String?
    @Option(help: "Most jobs that the job's models may submit, in all. Default: 1000; 0: they can submit none.")
    var maxChildren: Int?

    func validate() throws {
        if let result, let obstacle = ResultWriter.obstacle(absolutePath(result)) {
            throw ValidationError("--result \(result): \(obstacle)")
        }
        if let concurrency, !(1...4096).contains(concurrency) {
            throw ValidationError("--concurrency takes a number from 1 to 4096")
        }
        if let maxChildren, !(0...100_000).contains(maxChildren) {
            throw ValidationError("--max-children takes a number from 0 to 100000")
        }
    }
}

extension ExecutorChoice: ExpressibleByArgument {}

/// Whether `run` stays with its job.
enum Attendance: String, EnumerableFlag {
    case watch, detach

    static func help(for value: Attendance) -> ArgumentHelp? {
        switch value {
        case .watch: "Stay, show progress, and print the result."
        case .detach: "Print the job's id and leave it running in the background."
        }
    }
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a job and print its result.")

    @OptionGroup var source: JobSourceOptions
    @OptionGroup var execution: ExecutionOptions
    @Flag var attendance: Attendance = .watch
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let compilation = try source.compile(submitting: true)
        guard let plan = compilation.plan else { throw ExitCode(ExitStatus.failed.rawValue) }
        let state = try self.state.open(creating: true)
        var generator = SystemRandomNumberGenerator()
        let id = compilation.jobID ?? JobID.random(using: &generator)
        Descriptors.raiseLimit()
        let launched = Launched(
            executor: execution.executor ?? .auto,
            concurrency: execution.concurrency ?? JobDriver.defaultConcurrency,
            result: execution.result.map(absolutePath), maxChildren: execution.maxChildren, places: source.places)
        let driver = JobDriver(state: state, launched: launched, output: output.output)
        switch attendance {
        case .watch: throw ExitCode(try await driver.submit(plan, id: id).rawValue)
        case .detach: throw ExitCode(try await driver.submitDetached(plan, id: id).rawValue)
        }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Continue a job: what was committed is kept, the rest runs.",
        discussion: "What had failed for good gets a fresh budget of attempts.", aliases: ["retry"])

    @Argument(help: "The job's id, its beginning, or @latest.")
    var job: String?
    @OptionGroup var execution: ExecutionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let row = try await state.job(job)
        if let origin = try await state.database.origin(ofChild: row.id) {
            throw CommandFailure(
                .usage,
                "job \(row.id) was submitted by a model of job \(origin.root) and goes on with it: imflow resume \(origin.root)")
        }
        var launched = try Launched.read(row)
        if let executor = execution.executor { launched.executor = executor }
        if let concurrency = execution.concurrency { launched.concurrency = concurrency }
        if let most = execution.maxChildren { launched.maxChildren = most }
        if let result = execution.result { launched.result = absolutePath(result) }
        Descriptors.raiseLimit()
        let driver = JobDriver(state: state, launched: launched, output: output.output)
        Console.note("job \(row.id)")
        throw ExitCode(try await driver.resume(row).rawValue)
    }
}
