import ImflowEngine
import ImflowExecution
import ImflowPlan

/// Moves a world at random: most steps let it go on, some disturb it. Which kinds of disturbance there are is drawn, too:
/// a world with few kinds comes into states that one with all kinds seldom sees ("swarm testing"; Groce and others, 2012).
struct Chaos {
    enum Fault: CaseIterable {
        case crash, reboot, refusal, contention, clock, lostReport, doubledReport, lateReport, forgetting, failure
        case unsuitable, damage, command, request, abandonment, oblivion
    }

    private var dice: Dice
    private var faults: [Fault]
    /// A fault comes once in so many steps.
    private let rarity: Int
    /// Reports that were delivered, to be delivered again.
    private var old: [SimulatedExecutor.Mail] = []

    init(_ dice: inout Dice) {
        self.dice = Dice(dice.next())
        faults = Fault.allCases.filter { _ in dice.oneIn(2) }
        rarity = dice.pick([4, 8, 16, 30]) ?? 8
    }

    mutating func step(_ world: World) throws(Violation) {
        try world.count()
        if dice.oneIn(rarity), let fault = dice.pick(faults) { try disturb(world, fault) } else { try proceed(world) }
    }

    private mutating func proceed(_ world: World) throws(Violation) {
        world.now += Int64(dice.int(0...20))
        let engines = world.engines.indices.filter { world.engines[$0].canAdvance(at: world.now) }
        let working = world.executor.working
        switch dice.int(0...9) {
        case 0...3 where !engines.isEmpty, 4... where working.isEmpty && world.executor.mail.isEmpty && !engines.isEmpty:
            if let engine = dice.pick(engines) { try world.advance(engine) }
        case 0...6 where !working.isEmpty:
            if let attempt = dice.pick(working) {
                world.answer(attempt, try world.outcome(of: attempt), remembers: dice.oneIn(2))
            }
        case _ where !world.executor.mail.isEmpty:
            let place = dice.int(0...world.executor.mail.count - 1)
            old.append(world.executor.mail[place])
            world.deliver(place)
        default: wait(world)
        }
    }

    /// Nothing is left to do at this time: a wake is due, or a job has no engine.
    private mutating func wait(_ world: World) {
        let idle = world.jobs.indices.filter { world.driver(of: $0) == nil }
        if let idle = dice.pick(idle), dice.oneIn(world.jobs[idle].replica.status == .succeeded ? 30 : 3) {
            world.start(job: idle, slots: dice.int(1...4))
        }
        if let wake = world.engines.filter(\.isAlive).compactMap(\.wake).min(), wake > world.now, dice.oneIn(2) {
            world.now = wake
        }
    }

    private mutating func disturb(_ world: World, _ fault: Fault) throws(Violation) {
        let living = world.engines.indices.filter { world.engines[$0].isAlive }
        switch fault {
        case .crash: if let engine = dice.pick(living) { world.crash(engine, children: dice.oneIn(2)) }
        case .reboot:
            world.boot += 1
            for engine in living { world.crash(engine, children: true) }
        case .refusal: world.store.refuseOnce()
        case .contention:
            if let job = dice.pick(Array(world.jobs.indices)) { world.start(job: job, slots: dice.int(1...4)) }
        case .clock:
            world.now += Int64(dice.oneIn(4) ? dice.int(-5_000_000...5_000_000) : dice.int(-3000...3000))
            world.note("the clock jumps")
        case .command: command(world, living)
        case .request: request(world, living)
        case .abandonment: if let job = dice.pick(Array(world.jobs.indices)) { try world.cancelAbandoned(job) }
        case .damage:
            // The job's own input is not made by any task.
            if let hash = dice.pick(world.executor.stored), hash != SimulatedModel.fetchedInput.hash {
                world.note("\(hash.hex.suffix(16)) is damaged")
                world.executor.damage(hash)
            }
        default: disturb(world.executor, fault, world)
        }
    }

    private mutating func disturb(_ executor: SimulatedExecutor, _ fault: Fault, _ world: World) {
        let mail = executor.mail.indices
        let working = executor.working
        switch fault {
        case .lostReport:
            guard let place = dice.pick(Array(mail)) else { return }
            let lost = world.executor.mail.remove(at: place)
            world.note("the report of \(lost.report.task)/\(lost.report.attempt) is lost")
            world.dropped.insert(lost.report.token)
        case .doubledReport: if let place = dice.pick(Array(mail)) { world.executor.mail.append(executor.mail[place]) }
        case .lateReport:
            guard let mail = dice.pick(old), let job = world.jobs.firstIndex(where: { $0.id == mail.report.job }),
                let engine = world.driver(of: job)
            else { return }
            world.executor.mail.append(mail)
            world.deliver(world.executor.mail.count - 1, to: engine)
        case .forgetting:
            if let place = dice.pick(Array(executor.attempts.indices)) {
                world.note("\(executor.attempts[place].order.task) is forgotten")
                if executor.attempts[place].outcome == nil { old.append(late(executor.attempts[place], world)) }
                world.executor.forget(place, telling: true, now: world.now)
            }
        case .oblivion:
            world.note("the executor forgets everything")
            for place in executor.attempts.indices.reversed() {
                world.executor.forget(place, telling: true, now: world.now)
            }
        case .failure: fail(world, working, .failed(Failure(dice.pick(Cause.allCases) ?? .app, "drawn")))
        case .unsuitable:
            let value = SimulatedValue.payload("out of place")
            let outcomes: [Outcome] = [
                .skipped("for no reason"), .expanded(shared: value, unitCount: 1, shards: [value]), .succeeded(value),
            ]
            unsuit(world, working, outcomes)
        default: break
        }
    }

    /// What a forgotten attempt would have said, for an engine that has given it up.
    private func late(_ attempt: SimulatedExecutor.Attempt, _ world: World) -> SimulatedExecutor.Mail {
        let model = world.jobs.first { $0.id == attempt.order.job }?.model ?? SimulatedModel()
        return SimulatedExecutor.Mail(
            engine: attempt.engine,
            report: AttemptReport(
                order: attempt.order, outcome: model.outcome(of: attempt.order), inputHash: nil, startedAt: world.now,
                finishedAt: world.now, latencyMilliseconds: 1, node: "0x00"))
    }

    private mutating func fail(_ world: World, _ working: [Int], _ outcome: Outcome) {
        guard let place = dice.pick(working) else { return }
        // A second answer contradicts the first one; which comes first is open.
        if dice.oneIn(4) { world.executor.mail.append(late(world.executor.attempts[place], world)) }
        world.answer(place, outcome, remembers: dice.oneIn(2))
    }

    /// An answer of a kind that the task cannot give.
    private mutating func unsuit(_ world: World, _ working: [Int], _ outcomes: [Outcome]) {
        guard let place = dice.pick(working), let outcome = dice.pick(outcomes) else { return }
        let order = world.executor.attempts[place].order
        let isSplit = if case .split = order.work { true } else { false }
        switch outcome {
        case .succeeded where !isSplit: return
        case .expanded where isSplit: return
        case .skipped where hasCondition(order): return
        default: world.answer(place, outcome, remembers: false)
        }
    }

    private func hasCondition(_ order: WorkOrder) -> Bool {
        switch order.work {
        case .split(let work): return work.context.when != nil
        case .pass(let context): return context.when != nil
        case .call(let work): if case .whole(let context) = work.input { return context.when != nil }
        case .fetch, .merge: break
        }
        return false
    }

    private mutating func command(_ world: World, _ living: [Int]) {
        guard let engine = dice.pick(living), case .idle = world.engines[engine].phase,
            let command = dice.pick([JobLoop.Command.drain, .stop, .cancel])
        else { return }
        world.note("engine \(engine) is told to \(command)")
        world.engines[engine].inbox.append(.command(command))
    }

    /// Another process asks through the store; the engine that drives the job looks now and then.
    private mutating func request(_ world: World, _ living: [Int]) {
        guard let engine = dice.pick(living.filter { world.engines[$0].drives }) else { return }
        let id = world.jobs[world.engines[engine].job].id
        if dice.oneIn(4) {
            world.note("a cancellation of \(id) is asked for")
            world.store.request(.cancel, job: id)
        }
        if case .idle = world.engines[engine].phase, world.store.takeRequests(job: id).contains(.cancel) {
            world.note("engine \(engine) finds the request")
            world.engines[engine].inbox.append(.command(.cancel))
        }
    }
}
