import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

/// Random graphs under random faults: lost and late reports, failures of every cause, crashes between any two steps.
@Suite("Simulation")
struct SimulationTests {
    @Test("1,000 seeds: safe while faults last, done once they stop, and replay equals live", arguments: 0..<20)
    func seeds(block: Int) throws {
        for seed in (block * 50)..<(block * 50 + 50) { try simulate(seed: UInt64(seed)) }
    }

    private func simulate(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var world = SimulatedWorld(randomPlan(&random), slots: Int.random(in: 1...5, using: &random))
        var stale: [WorkOrder] = []
        for _ in 0..<Int.random(in: 5...120, using: &random) {
            world.step()
            checkSafety(world, seed: seed)
            if world.machine.status != .running { break }
            disturb(&world, &stale, &random)
        }
        if world.machine.status != .running { world.apply(.resumed(at: world.now)) }
        world.run(obedient(shards: 3))
        for _ in 0..<2 where world.machine.status != .succeeded {
            world.apply(.resumed(at: world.now))
            world.run(obedient(shards: 3))
        }
        #expect(world.machine.status == .succeeded, "seed \(seed)")
        checkReplay(world, seed: seed)
        checkCommittedOnce(world, seed: seed)
    }

    private func randomPlan(_ random: inout SeededGenerator) -> Plan {
        let count = Int.random(in: 1...6, using: &random)
        let stages = (0..<count).map { index in
            let policy = StagePolicy(
                retry: RetryPolicy(maximumAttempts: Int.random(in: 1...3, using: &random)),
                onFailure: FailurePolicy.allCases.randomElement(using: &random) ?? .fail)
            let needs = (0..<index).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
            return stage("s\(index)", needs: needs, split: Bool.random(using: &random), policy: policy)
        }
        let sinks = stages.indices.filter { index in !stages.contains { $0.needs.contains(index) } }
        return plan(stages, outputs: sinks)
    }

    private func disturb(_ world: inout SimulatedWorld, _ stale: inout [WorkOrder], _ random: inout SeededGenerator) {
        world.now += Int64.random(in: -50...3000, using: &random)
        guard !world.open.isEmpty else {
            if let wake = world.machine.nextWake { world.now = max(world.now, wake) }
            return
        }
        let index = Int.random(in: 0..<world.open.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
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
            for fact in world.machine.decide(.report(report(order, obedient()(order))), now: world.now) {
                world.apply(fact)
            }
        case 4:
            // The same report twice.
            let order = world.open[index]
            world.answer(index, obedient()(order))
            for fact in world.machine.decide(.report(report(order, obedient()(order))), now: world.now) {
                world.apply(fact)
            }
        default: world.answer(index, obedient()(world.open[index]))
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
                let settled = machine.stages[need].status
                #expect(
                    settled == .succeeded || settled == .partial, "seed \(seed): stage \(index) started before \(need)")
            }
        }
    }

    private func checkReplay(_ world: SimulatedWorld, seed: UInt64) {
        var replayed = JobMachine(job: "j", plan: world.machine.plan)
        for fact in world.facts { replayed.apply(fact) }
        #expect(replayed.summary == world.machine.summary, "seed \(seed)")
        #expect(replayed.tasks.map(\.status) == world.machine.tasks.map(\.status), "seed \(seed)")
    }

    /// No task index succeeds twice, and attempt numbers of one task name are never used twice.
    private func checkCommittedOnce(_ world: SimulatedWorld, seed: UInt64) {
        var succeeded: Set<Int> = []
        var attempts: Set<String> = []
        for fact in world.facts {
            switch fact {
            case .attemptSucceeded(let task, _, _, _): #expect(succeeded.insert(task).inserted, "seed \(seed)")
            case .outputsLost(let tasks): succeeded.subtract(tasks)
            case .attemptStarted(let task, let attempt, _, _):
                let name = world.machine.name(of: task)
                #expect(
                    attempts.insert("\(name)/\(attempt)").inserted, "seed \(seed): \(name) attempt \(attempt) twice")
            default: break
            }
        }
    }
}
