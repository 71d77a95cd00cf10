import ImflowEngine
import ImflowExecution
import ImflowPlan

/// Several jobs, the engines that want to drive them, one store and one executor, without threads and without time of
/// their own: whoever moves the world says what happens next. Every step is held against the jobs' ledgers.
final class World {
    struct Job {
        let id: String
        let plan: Plan
        let model: SimulatedModel
        var ledger: Ledger
        /// The fold of what is committed, moved along with the store.
        var replica: JobMachine
    }

    /// Steps that one world may take before it is said to go nowhere.
    static let stepLimit = 50_000

    var trace: Trace
    var jobs: [Job] = []
    var engines: [SimulatedEngine] = []
    var executor = SimulatedExecutor()
    private var calls = CallBook()
    let store = SimulatedStore()
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var now: Int64 = 1_000_000
    var boot = 1
    var steps = 0
    /// Tokens whose report was dropped on its way: only another engine can go on from there.
    var dropped: Set<String> = []
    private var tokens = 0

    init(_ depth: Trace.Depth = .nothing) { trace = Trace(depth) }

    func note(_ text: @autoclosure () -> String) { trace.note("\(steps) @\(now) \(text())") }

    func count() throws(Violation) {
        steps += 1
        if steps > Self.stepLimit { throw Violation("no end after \(steps) steps") }
    }

    // MARK: Jobs and engines

    /// Writes a new job down, as `imflow run` does before anything of it runs.
    func submit(_ plan: Plan, model: SimulatedModel) throws(Violation) -> Int {
        let id = "job\(jobs.count)"
        let input = SimulatedValue.payload("{}")
        let submitted = Fact.submitted(at: now, input: input)
        var machine = JobMachine(job: id, plan: plan)
        machine.apply(submitted)
        commit(FactBatch(job: id, facts: [submitted], summary: machine.summary))
        jobs.append(
            Job(id: id, plan: plan, model: model, ledger: Ledger(job: id, plan: plan, input: input), replica: machine))
        note("\(id) submitted")
        return jobs.count - 1
    }

    private func commit(_ batch: FactBatch) { try? store.commit(batch) }

    /// A process starts; pids are few, so that they are soon used again.
    func start(job: Int, slots: Int, isSubmitter: Bool = false) {
        let number = engines.count
        let used = Set(engines.filter(\.isAlive).map(\.holder.pid))
        let pid = (0...Int32(used.count)).map { 2 + ($0 + Int32(number % 2)) }.first { !used.contains($0) } ?? 1
        let holder = LeaseHolder(pid: pid, startTicks: UInt64(number), boot: "boot \(boot)")
        engines.append(
            SimulatedEngine(number: number, job: job, slots: slots, holder: holder, isSubmitter: isSubmitter))
        note("engine \(number) (pid \(pid)) starts for \(jobs[job].id) with \(slots) slots")
    }

    /// Of the process that has a pid now.
    func startTicks(of pid: Int32) -> UInt64? {
        engines.last { $0.isAlive && $0.holder.pid == pid }?.holder.startTicks
    }

    func drawToken() -> String {
        tokens += 1
        return "t\(tokens)"
    }

    /// The engine dies where it stands. `children`: what it had started dies with it.
    func crash(_ place: Int, children: Bool) {
        note("engine \(place) dies\(children ? " with all that it ran" : "")")
        engines[place].phase = .gone
        engines[place].loop = nil
        engines[place].inbox = []
        if children { executor.lose(engine: place) }
    }

    /// Of living engines, one that drives the job.
    func driver(of job: Int) -> Int? { engines.lastIndex { $0.job == job && $0.drives } }

    // MARK: Attempts

    func answer(_ attempt: Int, _ outcome: Outcome, remembers: Bool) {
        let order = executor.attempts[attempt].order
        note("\(order.job) \(order.task)/\(order.attempt) answers \(outcome.label)")
        executor.answer(attempt, outcome, remembers: remembers, now: now)
    }

    /// What the attempt comes to when nothing disturbs it.
    func outcome(of attempt: Int) throws(Violation) -> Outcome {
        let order = executor.attempts[attempt].order
        if executor.attempts[attempt].isEnding { return .failed(Failure(.cancelled, "ended")) }
        guard executor.canRead(order) else { return .failed(Failure(.infra, "an input is damaged")) }
        guard let job = jobs.first(where: { $0.id == order.job }) else { throw Violation("no job is named \(order.job)") }
        let outcome = job.model.outcome(of: order)
        if case .succeeded(let value) = outcome { try calls.note(order, value) }
        return outcome
    }

    /// Hands a report to the engine that it is meant for; to nobody when that one is gone.
    func deliver(_ place: Int, to other: Int? = nil) {
        let mail = executor.mail.remove(at: place)
        let engine = other ?? mail.engine
        guard engines[engine].isAlive else { return note("the report of \(mail.report.task) finds engine \(engine) gone") }
        note("engine \(engine) hears of \(mail.report.task)/\(mail.report.attempt) \(mail.report.token)")
        engines[engine].inbox.append(.report(mail.report))
    }
}

extension Outcome {
    /// The outcome in a few words, for a trace.
    var label: String {
        switch self {
        case .succeeded(let result): "done \(result.short)"
        case .expanded(_, let units, let shards): "\(units) units in \(shards.count) shards"
        case .skipped: "skipped"
        case .failed(let failure): failure.cause.rawValue
        }
    }
}
