import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

/// Random graphs under random faults: lost and late reports, failures of every cause, crashes between any two steps.
@Suite("Drawn policies")
struct DrawnPolicyTests {
    /// Enough for some to straggle behind others.
    private static let shards = 6

    @Test("1,000 seeds: safe while faults last, done once they stop, and replay equals live", arguments: 0..<20)
    func seeds(block: Int) throws {
        for seed in (block * 50)..<(block * 50 + 50) { try simulate(seed: UInt64(seed)) }
    }

    private func simulate(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var world = SimulatedWorld(randomPlan(&random), slots: Int.random(in: 1...5, using: &random))
        var stale: [WorkOrder] = []
        for _ in 0..<Int.random(in: 5...160, using: &random) {
            world.step()
            checkSafety(world, seed: seed)
            checkLimits(world, seed: seed)
            if world.machine.status != .running { break }
            disturb(&world, &stale, &random)
        }
        if world.machine.status != .running { world.apply(.resumed(at: world.now)) }
        world.run(obedient(shards: Self.shards))
        for _ in 0..<2 where world.machine.status != .succeeded {
            world.apply(.resumed(at: world.now))
            world.run(obedient(shards: Self.shards))
        }
        #expect(world.machine.status == .succeeded, "seed \(seed)")
        checkReplay(world, seed: seed)
        checkCommittedOnce(world, seed: seed)
    }

    private func randomPlan(_ random: inout SeededGenerator) -> Plan {
        let count = Int.random(in: 1...6, using: &random)
        var stages: [StagePlan] = []
        for index in 0..<count {
            let needs = (0..<index).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
            let split = Bool.random(using: &random)
            let followable = needs.filter { stages[$0].split != nil }
            let follows = split && Bool.random(using: &random) ? followable.randomElement(using: &random) : nil
            let soft = needs.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            stages.append(
                stage(
                    "s\(index)", model: Bool.random(using: &random) ? "m" : "rare", needs: needs,
                    softNeeds: soft.isEmpty ? nil : soft, follows: follows, split: split,
                    priority: Int.random(in: 0...1, using: &random), policy: randomPolicy(&random)))
        }
        let sinks = stages.indices.filter { index in !stages.contains { $0.needs.contains(index) } }
        let resources = Resources(memory: ByteCount(bytes: 1 << 20), memoryMax: ByteCount(bytes: 1 << 22))
        return plan(
            stages,
            models: [model("m"), model("rare", resources: resources, maxParallel: Int.random(in: 1...2, using: &random))],
            outputs: sinks, policy: JobPolicy(maxParallel: Bool.random(using: &random) ? nil : 3))
    }

    private func randomPolicy(_ random: inout SeededGenerator) -> StagePolicy {
        StagePolicy(
            queueTimeout: Int.random(in: 0..<5, using: &random) == 0 ? TimeSpan(seconds: 20) : nil,
            retry: RetryPolicy(maximumAttempts: Int.random(in: 1...3, using: &random)),
            onFailure: FailurePolicy.allCases.randomElement(using: &random) ?? .fail,
            maxParallel: Int.random(in: 0..<3, using: &random) == 0 ? Int.random(in: 1...2, using: &random) : nil,
            hedge: Bool.random(using: &random) ? HedgePolicy(factor: 1, quantile: 0.5, budget: 0.5) : nil)
    }

    private func disturb(_ world: inout SimulatedWorld, _ stale: inout [WorkOrder], _ random: inout SeededGenerator) {
        world.now += Int64.random(in: -50...3000, using: &random)
        guard !world.open.isEmpty else {
            if let wake = world.machine.nextWake { world.now = max(world.now, wake) }
            return
        }
        let index = Int.random(in: 0..<world.open.count, using: &random)
        switch Int.random(in: 0..<14, using: &random) {
        case 0: crash(&world, &random)
        case 1:
            let order = world.open[index]
            stale.append(order)
            world.answer(index, .failed(Failure(.lost, "forgotten")))
        case 2:
            let cause = Cause.allCases.randomElement(using: &random) ?? .app
            world.answer(index, .failed(Failure(cause, "fault")))
        case 3:
            guard let order = stale.randomElement(using: &random) else { return }
            for fact in world.machine.decide(.report(report(order, obedient(shards: Self.shards)(order))), now: world.now) {
                world.apply(fact)
            }
        case 4:
            // The same report twice.
            let order = world.open[index]
            world.answer(index, obedient(shards: Self.shards)(order))
            for fact in world.machine.decide(.report(report(order, obedient(shards: Self.shards)(order))), now: world.now) {
                world.apply(fact)
            }
        // Time passes and nobody reports: shards straggle.
        case 5: world.now += 5000
        case 6: checkReplay(world, seed: 0)
        default: world.answer(index, obedient(shards: Self.shards)(world.open[index]))
        }
    }

    /// The engine dies, and sometimes what it had stored is damaged before the next one looks.
    private func crash(_ world: inout SimulatedWorld, _ random: inout SeededGenerator) {
        world.crash()
        let done = world.machine.tasks.indices.filter { task in
            world.machine.tasks[task].status == .succeeded && world.machine.tasks[task].kind != .output
        }
        guard Bool.random(using: &random), let lost = done.randomElement(using: &random) else { return }
        world.apply(.outputsLost(tasks: [lost]))
        world.apply(.resumed(at: world.now))
        world.open = world.machine.recoveredOrders
    }

    private func checkSafety(_ world: SimulatedWorld, seed: UInt64) {
        let machine = world.machine
        #expect(world.open.count <= world.slots, "seed \(seed)")
        #expect(Set(world.open.map(\.token)).count == world.open.count, "seed \(seed)")
        for (index, state) in machine.stages.enumerated() where state.firstTask != nil {
            for need in machine.plan.stages[index].needs {
                let before = machine.stages[need]
                let isMet = before.status == .succeeded || before.status == .partial
                let isSoft = machine.plan.stages[index].softNeeds?.contains(need) == true && before.status.isSettled
                let isAhead = machine.leader(of: index) == need && before.shardCount != nil
                #expect(isMet || isSoft || isAhead, "seed \(seed): stage \(index) started before \(need)")
            }
            if let leader = machine.leader(of: index) { checkFlow(machine, stage: index, leader: leader, seed: seed) }
        }
    }

    /// No shard before the one that it follows, no result before the stage that it follows has its own.
    private func checkFlow(_ machine: JobMachine, stage: Int, leader: Int, seed: UInt64) {
        for (index, task) in machine.stages[stage].shards.enumerated() {
            let hasRun = machine.tasks[task].live != nil || machine.tasks[task].status == .succeeded
            let before = machine.stages[leader].shards
            guard hasRun, before.indices.contains(index) else { continue }
            #expect(machine.tasks[before[index]].status == .succeeded, "seed \(seed): stage \(stage), shard \(index)")
        }
        if machine.stages[stage].result != nil {
            #expect(machine.stages[leader].shardsSucceeded == machine.stages[leader].shardCount, "seed \(seed)")
        }
    }

    private func checkLimits(_ world: SimulatedWorld, seed: UInt64) {
        let machine = world.machine
        #expect(machine.occupiedSlots == world.open.count + strays(world), "seed \(seed)")
        #expect(machine.occupiedSlots <= min(world.slots, machine.plan.policy.maxParallel ?? .max), "seed \(seed)")
        var calls: [String: Int] = [:]
        var models: [String: Int] = [:]
        var perTask: [String: Int] = [:]
        for order in world.open {
            guard case .call(let work) = order.work else { continue }
            calls[order.stage, default: 0] += 1
            models[work.model.name, default: 0] += 1
            perTask[order.task, default: 0] += 1
        }
        for (index, stage) in machine.plan.stages.enumerated() {
            #expect(calls[stage.name, default: 0] <= stage.policy.maxParallel ?? .max, "seed \(seed)")
            let seconds = world.facts.count { fact in
                guard case .attemptStarted(let task, _, let token, _) = fact else { return false }
                return machine.tasks[task].stage == index && world.hedges.contains(token)
            }
            #expect(seconds <= max(1, Self.shards / 2) * (1 + world.resets), "seed \(seed)")
        }
        #expect(models["rare", default: 0] <= machine.plan.models["rare"]?.maxParallel ?? 0, "seed \(seed)")
        #expect(perTask.values.allSatisfy { $0 <= 2 }, "seed \(seed)")
    }

    /// Attempts that were to be ended when an engine died: they keep their slots until the job is resumed.
    private func strays(_ world: SimulatedWorld) -> Int {
        let open = Set(world.open.map(\.token))
        return world.machine.attemptsToEnd.keys.count { !open.contains($0) }
    }

    private func checkReplay(_ world: SimulatedWorld, seed: UInt64) {
        var replayed = JobMachine(job: "j", plan: world.machine.plan)
        for fact in world.facts { replayed.apply(fact) }
        #expect(replayed.summary == world.machine.summary, "seed \(seed)")
        #expect(replayed.tasks.map(\.status) == world.machine.tasks.map(\.status), "seed \(seed)")
        #expect(replayed.liveTokens == world.machine.liveTokens, "seed \(seed)")
        #expect(replayed.attemptsToEnd == world.machine.attemptsToEnd, "seed \(seed)")
    }

    /// Only what runs succeeds, and attempt numbers of one task name are never used twice.
    private func checkCommittedOnce(_ world: SimulatedWorld, seed: UInt64) {
        var machine = JobMachine(job: "j", plan: world.machine.plan)
        var attempts: Set<String> = []
        for fact in world.facts {
            switch fact {
            case .attemptSucceeded(let task, _, _, _):
                #expect(machine.tasks[task].status == .running, "seed \(seed)")
            case .attemptStarted(let task, let attempt, _, _):
                let name = world.machine.name(of: task)
                #expect(
                    attempts.insert("\(name)/\(attempt)").inserted, "seed \(seed): \(name) attempt \(attempt) twice")
            default: break
            }
            machine.apply(fact)
        }
    }
}
