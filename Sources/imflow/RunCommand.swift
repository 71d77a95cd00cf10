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
    @Option(help: "Write the result to this file instead of standard output.")
    var result: String?

    func validate() throws {
        if let result { try ResultWriter.check(absolutePath(result)) }
        if let concurrency, !(1...4096).contains(concurrency) {
            throw ValidationError("--concurrency takes a number from 1 to 4096")
        }
    }
}

extension ExecutorChoice: ExpressibleByArgument {}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a job and print its result.")

    @OptionGroup var source: JobSourceOptions
    @OptionGroup var execution: ExecutionOptions
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
            concurrency: execution.concurrency ?? JobDriver.defaultConcurrency)
        let driver = JobDriver(
            state: state, launched: launched, output: output.output, resultPath: execution.result.map(absolutePath))
        throw ExitCode(try await driver.submit(plan, id: id).rawValue)
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Continue a job: what was committed is kept, the rest runs.")

    @Argument(help: "The job's id, its beginning, or @latest.")
    var job: String?
    @OptionGroup var execution: ExecutionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let row = try await state.job(job)
        var launched = try Launched.read(row)
        if let executor = execution.executor { launched.executor = executor }
        if let concurrency = execution.concurrency { launched.concurrency = concurrency }
        Descriptors.raiseLimit()
        let driver = JobDriver(
            state: state, launched: launched, output: output.output, resultPath: execution.result.map(absolutePath))
        Console.note("job \(row.id)")
        throw ExitCode(try await driver.resume(row).rawValue)
    }
}
