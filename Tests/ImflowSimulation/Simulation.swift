import ImflowEngine
import ImflowExecution
import ImflowPlan

/// One drawn world: disturbed for a while, then left alone until every job has ended as it would have without
/// disturbance.
package struct Simulation {
    package struct Verdict {
        package var violation: Violation?
        package var trace: Trace
        package var steps: Int
    }

    private let seed: UInt64
    private let keepsTrace: Bool

    package init(seed: UInt64, keepsTrace: Bool = false) {
        self.seed = seed
        self.keepsTrace = keepsTrace
    }

    package func run() -> Verdict {
        let world = World(keepsTrace ? .lines : .digest)
        var violation: Violation?
        do throws(Violation) { try run(world) } catch { violation = error }
        return Verdict(violation: violation, trace: world.trace, steps: world.steps)
    }

    private func run(_ world: World) throws(Violation) {
        var dice = Dice(seed)
        var endings: [Ending] = []
        for _ in 0..<dice.int(1...dice.int(1...3)) {
            var drawing = PlanDrawing(seed: dice.next())
            let (plan, broken) = drawing.draw()
            let model = SimulatedModel(broken: broken)
            endings.append(try Ending(of: plan, model: model))
            let job = try world.submit(plan, model: model)
            world.start(job: job, slots: dice.int(1...4), isSubmitter: true)
        }
        var chaos = Chaos(&dice)
        for _ in 0..<dice.int(10...dice.int(20...600)) { try chaos.step(world) }
        try calm(world)
        for job in world.jobs.indices { try finish(job, of: world, endings[job]) }
    }

    /// No more faults. What waits for a report that was lost is started again; anything else must come to rest.
    private func calm(_ world: World) throws(Violation) {
        world.note("the faults stop")
        world.store.acceptAll()
        for job in world.jobs { _ = world.store.takeRequests(job: job.id) }
        try world.settle()
        for place in world.engines.indices where world.engines[place].isAlive {
            let ledger = world.jobs[world.engines[place].job].ledger
            guard !world.dropped.isDisjoint(with: ledger.live.keys) else {
                throw Violation("\(ledger.job): engine \(place) waits, and nothing is to come")
            }
            world.crash(place, children: true)
        }
    }

    /// One resume is all that a job needs; a second one, when what had run was lost and its budget went with it.
    private func finish(_ job: Int, of world: World, _ ending: Ending) throws(Violation) {
        let id = world.jobs[job].id
        if Ending(world.jobs[job].replica) != ending || !world.executor.isWhole(world.jobs[job].replica.output) {
            let hadLive = !world.jobs[job].ledger.live.isEmpty
            world.start(job: job, slots: 3)
            try world.settle()
            if hadLive, Ending(world.jobs[job].replica) != ending {
                world.start(job: job, slots: 3)
                try world.settle()
            }
        }
        let reached = Ending(world.jobs[job].replica)
        guard reached == ending else {
            throw Violation("\(id) ends as \(reached), and undisturbed as \(ending)")
        }
        var replayed = JobMachine(job: id, plan: world.jobs[job].plan)
        for fact in world.store.facts(of: id) { replayed.apply(fact) }
        try Replay.check(world.jobs[job].replica, replayed, now: world.now)
        if world.store.summary(of: id) != replayed.summary { throw Violation("\(id): the stored summary is out of date") }
        if world.executor.attempts.contains(where: { $0.order.job == id && $0.outcome == nil }) { throw Violation("\(id): something still runs") }
        if let holder = world.store.lease(of: id), world.startTicks(of: holder.pid) == holder.startTicks {
            throw Violation("\(id): its lease is still held")
        }
    }
}

/// How a job ends.
struct Ending: Equatable, CustomStringConvertible {
    let status: JobStatus
    let output: Payload?

    init(_ machine: borrowing JobMachine) {
        status = machine.status
        output = machine.output
    }

    /// Of a world without disturbance.
    init(of plan: Plan, model: SimulatedModel) throws(Violation) {
        let world = World()
        let job = try world.submit(plan, model: model)
        world.start(job: job, slots: 2, isSubmitter: true)
        try world.settle()
        self.init(world.jobs[job].replica)
        if !status.isFinished { throw Violation("undisturbed, the job stays \(status)") }
    }

    var description: String { "\(status) \(output?.short ?? "without output")" }
}
