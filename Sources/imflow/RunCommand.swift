import ArgumentParser
import ImflowCompiler
import ImflowContent
import ImflowData
import ImflowDocker
import ImflowEngine
import ImflowExecution
import ImflowIR
import ImflowPlan
import ImflowStore

struct ExecutionOptions: ParsableArguments {
    @Option(help: "Where models run: auto (docker when the model has an image, else process), process or docker.")
    var executor: ExecutorChoice?
    @OptionGroup var engines: EngineOptions
    @Option(
        help: """
            When images are got from their registries: missing (the default), always, or never; a resume does the same.
            """)
    var pull: PullPolicy?
    @Option(
        help: ArgumentHelp(
            """
            At the end of the run, leave models that listen (protocols rest, oip, cog) loaded for so long, such as 10m: the next run \
            or resume on this state folder goes on with them, and imflow gc --warm ends them. A resume does the same; 0s: it does not.
            """, valueName: "duration"))
    var keepWarm: String?
    @Option(help: "Attempts of this job that run at once. Default: as many as there are slots.")
    var concurrency: Int?
    @Option(
        help: """
            Attempts of all jobs of the state folder that run at once, from now on (see imflow slots). Default: one per processor, or \
            as many as the largest --concurrency.
            """)
    var slots: Int?
    @Option(help: "Write the result to this file instead of standard output; a resume does the same.")
    var result: String?
    @Flag(help: "Give models copies of their input files, which they may write to, and never links; a resume does the same.")
    var copyInputs = false
    @Option(
        help: """
            Publish what each task made, for whoever may look: ipfs adds results and their files to the node of IMFLOW_IPFS_API and \
            shows their CIDs; a resume does the same.
            """)
    var persist: PersistTarget?
    @Option(help: "Most jobs that the job's models may submit, in all. Default: 1000; 0: they can submit none.")
    var maxChildren: Int?
    @Option(
        help: ArgumentHelp(
            """
            Private addresses, ranges or hosts that files may be fetched from, as in 10.0.0.0/8,nas.local; all: any. \
            Repeatable; a resume does the same. See IMFLOW_ALLOW_PRIVATE.
            """, valueName: "addresses"))
    var allowPrivate: [String] = []
    @Option(help: "Append what happens to this file, a CloudEvent (JSON) a line; a resume does the same.")
    var events: String?

    func validate() throws {
        if let result, let obstacle = ResultWriter.obstacle(absolutePath(result)) {
            throw ValidationError("--result \(result): \(obstacle)")
        }
        if let events, let obstacle = ResultWriter.obstacle(absolutePath(events)) {
            throw ValidationError("--events \(events): \(obstacle)")
        }
        do throws(PrivateAddresses.Mistake) { _ = try PrivateAddresses(allowPrivate.joined(separator: ",")) } catch {
            throw ValidationError("--allow-private: \(error.text)")
        }
        _ = try warmth()
        let bounds = 1...SlotFile.maximumSlots
        for (name, number) in [("--concurrency", concurrency), ("--slots", slots)] {
            if let number, !bounds.contains(number) {
                throw ValidationError("\(name) takes a number from 1 to \(bounds.upperBound)")
            }
        }
        if let maxChildren, !(0...100_000).contains(maxChildren) {
            throw ValidationError("--max-children takes a number from 0 to 100000")
        }
    }

    /// The most that models are kept without a job, so that none is forgotten.
    private static let longestWarmth = TimeSpan(seconds: 86_400)

    /// Nil: nothing is said of it.
    private func warmth() throws -> TimeSpan? {
        guard let keepWarm else { return nil }
        let time: TimeSpan
        do throws(QuantityError) { time = try TimeSpan.parse(keepWarm) } catch {
            throw ValidationError("--keep-warm: \(error.message)\(error.help.map { "; \($0)" } ?? "")")
        }
        guard time.milliseconds <= Self.longestWarmth.milliseconds else {
            throw ValidationError("--keep-warm takes 24h at most")
        }
        return time
    }

    /// Sets the state folder's slots where that is asked for, and the concurrency that follows.
    func apply(to launched: inout Launched, in state: State) throws {
        let file = try SlotFile(folder: state.database.engines)
        if let slots { file.setSlots(slots) }
        if let concurrency { launched.limit = concurrency }
        if let events { launched.events = absolutePath(events) }
        if !allowPrivate.isEmpty { launched.allowPrivate = try PrivateAddresses(allowPrivate.joined(separator: ",")) }
        if let time = try warmth() { launched.keepWarm = time.milliseconds > 0 ? time.milliseconds : nil }
        if copyInputs { launched.copiesInputs = true }
        if let pull { launched.pull = pull }
        if !engines.dockerHost.isEmpty { DockerHosts.choose(engines.dockerHost, for: &launched) }
        if let persist {
            do throws(Failure) { _ = try ResultPublisher.node() } catch {
                throw CommandFailure(.usage, "--persist \(persist.rawValue): \(error.message)")
            }
            launched.persist = persist
        }
        launched.concurrency = launched.limit ?? file.slots ?? JobDriver.defaultConcurrency
        if let all = file.slots, all < launched.concurrency {
            Console.note("\(all) attempts run at once at most: the state folder has \(all) slots, and imflow slots sets them")
        }
    }
}

extension ExecutorChoice: ExpressibleByArgument {}
extension PullPolicy: ExpressibleByArgument {}

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
    @OptionGroup var cache: CacheOptions
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
        var launched = Launched(
            executor: execution.executor ?? .auto, concurrency: JobDriver.defaultConcurrency,
            result: execution.result.map(absolutePath), noCache: cache.noCache ? true : nil,
            refresh: cache.refresh.isEmpty ? nil : try cache.refreshed(in: plan), maxChildren: execution.maxChildren,
            source: JobSource(source, compilation: compilation))
        try execution.apply(to: &launched, in: state)
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
        discussion: """
            What had failed for good gets a fresh budget of attempts. The job goes on as it was planned when it was \
            submitted; with --replan it is compiled again from where it was submitted, and what its manifests changed \
            runs again with what follows from it. Policies and resources change no result: they hold for what still \
            runs. With --plan nothing is run and nothing is written: it says what would be kept and run, and why.
            """, aliases: ["retry"])

    @Argument(help: "The job's id, its beginning, or @latest.")
    var job: String?
    @Flag(help: "Only say what would be kept and what would run, task by task, and why.")
    var plan = false
    @Flag(help: "Plan the job again by what its manifests say now; run what changed and what follows from it.")
    var replan = false
    @OptionGroup var execution: ExecutionOptions
    @OptionGroup var cache: CacheOptions
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
        if plan {
            let preview = try await ResumePreview(row, launched: launched, state: state, replanning: replan)
            return Console.print(output.output == .json ? preview.json.prettyText : preview.text)
        }
        if let executor = execution.executor { launched.executor = executor }
        try execution.apply(to: &launched, in: state)
        if let most = execution.maxChildren { launched.maxChildren = most }
        if let result = execution.result { launched.result = absolutePath(result) }
        if cache.noCache { (launched.noCache, launched.refresh) = (true, nil) }
        if !cache.refresh.isEmpty {
            let plan = try StoredPlan.read(row.plan, from: state.content)
            (launched.noCache, launched.refresh) = (nil, try cache.refreshed(in: plan))
        }
        Descriptors.raiseLimit()
        let driver = JobDriver(state: state, launched: launched, output: output.output)
        Console.note("job \(row.id)")
        throw ExitCode(try await driver.resume(row, replanning: replan).rawValue)
    }
}
