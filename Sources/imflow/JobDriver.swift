import FoundationEssentials
import Glibc
import ImflowContent
import ImflowData
import ImflowDocker
import ImflowEngine
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowStore

/// How a job was launched: kept with it, so that a resume does the same.
struct Launched: Codable {
    var executor: ExecutorChoice
    var concurrency: Int
    /// The concurrency, where its user asked for it.
    var limit: Int?
    /// Where the result goes; nil: to standard output.
    var result: String?
    /// The file that events are appended to.
    var events: String?
    /// The cache is neither read nor written.
    var noCache: Bool?
    /// Stages whose results are made anew.
    var refresh: Set<String>?
    /// Private addresses that files may be fetched from, beside those of the environment.
    var allowPrivate: PrivateAddresses?
    /// The most jobs that its models may submit, in all; nil: the default.
    var maxChildren: Int?
    /// Models get copies of their input files, never links.
    var copiesInputs: Bool?
    /// Where the tasks' results are published when it is over; nil: nowhere.
    var persist: PersistTarget?
    var imflow = Imflow.version
    /// Where it was submitted from; nil: an older imflow did not keep it.
    var source: JobSource?
    /// The Docker engines that its models run on, as they were named; nil: the one of `DOCKER_HOST`.
    var dockerHosts: [String]?
    /// When images are got from their registries; nil: when they are missing.
    var pull: PullPolicy?
    /// Those that it ran on before, where something of it may be left.
    var formerDockerHosts: [String]?
    /// At its end warm models that listen stay for so long, in milliseconds; nil: they are stopped.
    var keepWarm: Int64?
}

/// Takes a job's lease, drives it to its end or to a pause, and shows what came of it.
struct JobDriver {
    var state: State
    var launched: Launched
    var output: OutputFormat
    private var resultPath: String? { launched.result }

    init(state: State, launched: Launched, output: OutputFormat) {
        self.state = state
        self.launched = launched
        self.output = output
    }

    /// Attempts that run at once when nobody says: one per processor.
    static var defaultConcurrency: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Submits a new job under `id` and drives it.
    func submit(_ plan: Plan, id: String) async throws -> ExitStatus {
        let executor = try await feasible(plan, job: id)
        return try await guarded(job: id) {
            let machine = try await store(plan, id: id)
            try await state.database.acquireLease(job: id)
            Console.note("job \(id)")
            return try await drive(machine, executor, opening: [])
        }
    }

    /// Submits a new job under `id`, leaves it to an engine in the background, and prints the id.
    func submitDetached(_ plan: Plan, id: String) async throws -> ExitStatus {
        _ = try await feasible(plan, job: id)
        return try await guarded(job: id) {
            let machine = try await store(plan, id: id)
            let engine = DetachedEngine(folder: state.folder, job: id)
            try await engine.start(in: state.database)
            switch output {
            case .text: Console.print(id)
            case .json:
                Console.print(
                    try JobView(id: id, content: state.content, summary: machine.summary, isDriven: true).json(
                        receipts: nil))
            }
            return .fine
        }
    }

    /// Whether the plan can run here at all, found out before anything starts.
    /// - Parameter resuming: engines that do not answer are left out as long as one does.
    private func feasible(_ plan: Plan, job: String, resuming: Bool = false) async throws -> LocalExecutor {
        let executor = try executor(for: plan, job: job, resuming: resuming)
        try Feasibility().check(plan, disk: state.folder.root, elsewhere: executor.modelsElsewhere(of: plan))
        try await executor.preflight(plan)
        return executor
    }

    private func store(_ plan: Plan, id: String) async throws -> JobMachine {
        let planned = try StoredPlan.write(plan, to: state.content)
        let input = try state.content.payload(plan.input)
        let submitted = Fact.submitted(at: WallClock.now, input: input)
        var machine = JobMachine(job: id, plan: plan)
        machine.apply(submitted)
        let launch = String(decoding: try JSONEncoder().encode(launched), as: UTF8.self)
        try await state.database.insert(
            job: id, plan: planned, launch: launch, submitted: submitted, summary: machine.summary)
        return machine
    }

    /// Continues a job: what was committed stays, what was not runs, and so does what is lost.
    /// - Parameter replanning: whether the job is planned again first, by what its manifests say now.
    func resume(_ row: JobRow, replanning: Bool = false) async throws -> ExitStatus {
        try await guarded(job: row.id) {
            try await state.database.acquireLease(job: row.id)
            do {
                let watched = try await state.watchedMachine(row)
                var machine = watched.machine
                if replanning {
                    try await replan(&machine)
                } else {
                    Replanning.noteChanges(of: machine, launched: launched, content: state.content)
                }
                return try await resume(machine, watched.images)
            } catch let error as CommandFailure {
                try? await state.database.releaseLease(job: row.id)
                throw error
            }
        }
    }

    private func resume(_ machine: JobMachine, _ images: ImageWatch) async throws -> ExitStatus {
        try await restoreInput(of: machine)
        var check = ContentCheck(content: state.content)
        let lost = try LostOutputs(machine, &check)
        if machine.status == .succeeded, lost.tasks.isEmpty {
            try await state.database.releaseLease(job: machine.job)
            Console.note("job \(machine.job) has succeeded already; nothing is left to do")
            return try show(machine, await publish(machine))
        }
        for task in lost.tasks {
            Console.note("what \(machine.subJobID(of: task)) had made is lost or damaged; it runs again")
        }
        check.removeDamaged()
        let executor = try await feasible(machine.plan, job: machine.job, resuming: true)
        let opening = JobMachine.opening(lost: lost.tasks, at: WallClock.now)
        var resumed = machine
        for fact in opening { resumed.apply(fact) }
        await executor.sweep(job: machine.job, keeping: resumed.liveTokens)
        return try await drive(machine, executor, opening: opening, images: images)
    }

    /// No task makes the job's input anew; but its files may still be where they were fetched from.
    private func restoreInput(of machine: JobMachine) async throws {
        var check = ContentCheck(content: state.content)
        guard let input = machine.jobInput, !check.isIntact(input) else { return }
        check.removeDamaged()
        guard let fetched = try? state.content.value(of: input) else {
            throw CommandFailure(
                .infrastructure, "the stored input of job \(machine.job) is lost or damaged: submit the job again")
        }
        Console.note("input files of job \(machine.job) are lost or damaged; they are fetched again")
        do {
            try await executor(for: machine.plan, job: machine.job).staging.restore(fetched, as: machine.plan.input)
        } catch let failure as Failure {
            throw CommandFailure(
                .infrastructure, "the stored input of job \(machine.job) is lost or damaged, and \(failure.message): submit the job again")
        }
    }

    /// Writes the new plan down as a fact of its own: whatever happens afterwards, the job goes on by it.
    private func replan(_ machine: inout JobMachine) async throws {
        let replanning = try Replanning(machine, launched: launched, content: state.content)
        guard !replanning.difference.isEmpty else {
            return Console.note("the manifests of job \(machine.job) say what they said when it was planned")
        }
        for line in replanning.lines { Console.note(line) }
        _ = try await feasible(replanning.plan, job: machine.job, resuming: true)
        let fact = try replanning.commit(to: &machine, content: state.content)
        try await state.database.commit(
            FactBatch(job: machine.job, facts: [fact], summary: machine.summary))
    }

    private func executor(for plan: Plan, job: String, resuming: Bool = false) throws -> LocalExecutor {
        try LocalExecutor(
            state: state, plan: plan, choice: launched.executor, slots: launched.concurrency,
            engines: try LocalEngines(launched, isTolerant: resuming),
            images: ImageSupply(launched.pull ?? .missing, listener: { Console.note($0) }),
            cache: CallCache.Use(isOff: launched.noCache == true, refreshed: launched.refresh ?? []),
            access: try FetchAccess.ofProcess(allowing: launched.allowPrivate),
            root: limits.jobs > 0 ? job : nil, copiesInputs: launched.copiesInputs == true,
            warmth: launched.keepWarm.map { .keeps(TimeSpan(milliseconds: $0)) } ?? .outlivesCrashes)
    }

    private var limits: ChildLimits {
        var limits = ChildLimits()
        if let most = launched.maxChildren { limits.jobs = most }
        return limits
    }

    /// Cancels a job that nobody drives.
    static func cancelAbandoned(_ row: JobRow, in state: State) async throws {
        try await state.database.acquireLease(job: row.id)
        var machine = try await state.machine(row)
        let launched = try Launched.read(row)
        let executor = try LocalExecutor(
            state: state, plan: machine.plan, choice: launched.executor, slots: 1,
            engines: try LocalEngines(launched, isTolerant: true))
        await executor.sweep(job: row.id, keeping: [])
        await executor.shutdown()
        try? FileManager.default.removeItem(atPath: state.folder.api(job: row.id))
        let facts = JobLoop.cancellation(of: machine, now: WallClock.now)
        for fact in facts { machine.apply(fact) }
        try await state.database.commit(FactBatch(job: row.id, facts: facts, summary: machine.summary))
        try await state.database.releaseLease(job: row.id)
    }

    private func drive(
        _ machine: JobMachine, _ executor: LocalExecutor, opening: [Fact], images: ImageWatch = ImageWatch()
    ) async throws -> ExitStatus {
        let progress = Progress(machine)
        let recorder = HistoryRecorder()
        // The state folder's slots are this machine's; of other machines the engines know how much they take.
        var launched = launched
        launched.concurrency = launched.limit ?? max(launched.concurrency, executor.enginePlaces)
        let limit = launched.limit ?? (executor.enginePlaces > 0 ? launched.concurrency : nil)
        let slots = try MachineSlots(folder: state.database.engines, limit: limit)
        let family = executor.jobs.map { _ in
            ChildFamily(
                state: state, launched: launched, executor: executor, slots: slots, root: machine.job, limits: limits)
        }
        let events = launched.events.map { EventLog(path: $0, job: machine.job) }
        if opening.isEmpty { events?.submitted(machine) }
        let watched = images.observing(self.observer(progress, family), note: { progress.note($0) })
        let observer = recorder.observing(watched)
        let conductor = Conductor(
            machine: machine, store: state.database, executor: family?.executor ?? executor as any Executor,
            slots: launched.concurrency, pool: family?.seat(depth: 0, priority: 0) ?? slots,
            observer: events?.observing(observer) ?? observer, now: { WallClock.now })
        if let family { executor.jobs?.serve(family, root: machine, conductor) }
        let signals = SignalWatch { press in
            switch press {
            case 1:
                progress.note("finishing what runs; press Ctrl-C again to end it")
                conductor.send(.drain)
            case 2:
                progress.note("ending what runs")
                conductor.send(.stop)
            default: _exit(ExitStatus.interrupted.rawValue)
            }
        }
        defer { signals.stop() }
        executor.downloads.report(to: { progress.note($0.line) })
        defer { executor.downloads.report(to: nil) }
        executor.supply.report(to: { progress.note($0) })
        defer { executor.supply.report(to: nil) }
        progress.start()
        do {
            // It waits for the disk at every commit.
            let final = try await withTaskExecutorPreference(BlockingThreads.shared) {
                try await conductor.run(opening: opening)
            }
            await family?.close(finished: final.status.isFinished)
            if let problem = executor.jobs?.problem { progress.note("no model could submit a job: \(problem)") }
            await executor.jobs?.close(removingFolder: true)
            await recorder.save(in: state)
            await executor.shutdown()
            await executor.sweep(job: machine.job, keeping: [])
            removeWorkFolder(of: machine.job)
            WarmGuard(folder: state.folder).startIfNeeded()
            progress.finish()
            // Who presses Ctrl-C now ends the publishing: the job itself is over.
            signals.stop()
            let report = await publish(final)
            try await state.database.releaseLease(job: machine.job)
            return try show(final, report)
        } catch {
            await family?.close(finished: false)
            await executor.jobs?.close(removingFolder: false)
            await executor.shutdown()
            await executor.sweep(job: machine.job, keeping: [])
            WarmGuard(folder: state.folder).startIfNeeded()
            progress.finish()
            throw error
        }
    }

    private func observer(_ progress: Progress, _ family: ChildFamily?) -> Conductor.Observer {
        var observer = progress.observer
        guard let family else { return observer }
        let shown = observer.committed
        observer.committed = { facts, machine in
            shown(facts, machine)
            family.heed(facts, of: machine)
        }
        return observer
    }

    private func removeWorkFolder(of job: String) {
        try? FileManager.default.removeItem(atPath: state.folder.work(job: job))
    }

    /// Nil when nothing is to be published, or nothing is over yet.
    private func publish(_ machine: JobMachine) async -> ResultPublisher.Report? {
        guard launched.persist != nil, machine.status.isFinished, machine.status != .cancelled else { return nil }
        let report = await ResultPublisher(state, job: machine.job).publish(machine)
        for item in report.published { Console.note(item.text) }
        if let reason = report.reason {
            Console.note(
                "\(report.missing) results of job \(machine.job) are not published: \(reason)\n  "
                    + "imflow resume \(machine.job) publishes the rest")
        }
        return report
    }

    private func show(_ machine: JobMachine, _ report: ResultPublisher.Report?) throws -> ExitStatus {
        var view = JobView(
            id: machine.job, content: state.content, summary: machine.summary, isDriven: false,
            holes: machine.status == .partial ? try Holes(machine, content: state.content) : nil)
        view.published = report?.published
        if let output = machine.output {
            let writer = ResultWriter(content: state.content)
            if let resultPath { try writer.write(output, to: resultPath) }
            if self.output == .text, resultPath == nil { try writer.print(output) }
        } else if machine.status == .succeeded {
            Console.note("job \(machine.job) has no result: the stage that would give it was skipped")
        }
        if self.output == .json { Console.print(try view.json(receipts: nil)) }
        let status = note(machine)
        return status == .fine && report?.reason != nil ? .infrastructure : status
    }

    private func note(_ machine: JobMachine) -> ExitStatus {
        let job = machine.job
        let summary = machine.summary
        switch machine.status {
        case .succeeded: return .fine
        case .partial:
            Console.note(
                "job \(job) is partial: \(summary.failed) of \(summary.totalShards) shards are missing; imflow resume \(job) runs just them"
            )
            return .partial
        case .pending where summary.pauseReason != nil:
            Console.note("job \(job) is \(summary.pauseReason ?? ""): imflow resume \(job) continues it")
            return .interrupted
        case .pending, .running:
            Console.note("job \(job) is interrupted and safe: imflow resume \(job) continues it")
            return .interrupted
        case .cancelled:
            Console.note("job \(job) was cancelled; imflow resume \(job) would take it up again")
            return .failed
        case .failed:
            Console.note("job \(job) failed: \(summary.message ?? "no reason was given")")
            Console.note("  look: imflow logs \(job)    go on after mending: imflow resume \(job)")
            let infrastructure: Set<Cause> = [.infra, .lost, .preempted]
            return summary.cause.map(infrastructure.contains) == true ? .infrastructure : .failed
        }
    }

    /// Turns what the state folder may do to us into one message that says how to go on.
    private func guarded(job: String, _ body: () async throws -> ExitStatus) async throws -> ExitStatus {
        do {
            return try await body()
        } catch let error as StoreError {
            if error.kind == .exists || error.kind == .held { throw CommandFailure(.usage, error.description) }
            throw CommandFailure(
                .infrastructure, "\(error.description)\n  job \(job) is safe: imflow resume \(job) continues it")
        } catch let error as ContentError {
            throw CommandFailure(
                .infrastructure, "\(error.description)\n  job \(job) is safe: imflow resume \(job) continues it")
        }
    }
}
