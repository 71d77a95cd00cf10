import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowEngine

@Suite("Resume plan")
struct ResumePlanTests {
    @Test("1,000 seeds: what a resume says it would do is what it does, task by task", arguments: 0..<20)
    func foretells(block: Int) {
        for seed in (block * 50)..<(block * 50 + 50) { foretell(seed: UInt64(seed)) }
    }

    private func foretell(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var world = SimulatedWorld(DrawnPlan.plan(&random), slots: Int.random(in: 1...5, using: &random))
        for _ in 0..<Int.random(in: 0...60, using: &random) {
            world.step()
            if world.machine.status != .running { break }
            world.disturb(&random)
        }
        world.crash()
        let done = world.machine.tasks.indices.filter {
            world.machine.tasks[$0].status == .succeeded && world.machine.tasks[$0].kind != .fetch
        }
        let lost = done.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }
        let plan = ResumePlan(world.machine, lost: lost)
        for fact in JobMachine.opening(lost: lost, at: world.now) { world.apply(fact) }
        world.open = world.machine.recoveredOrders
        let before = world.started
        var ran = Set(world.open.map(\.task))
        world.run(DrawnPlan.answer)
        for (task, count) in world.started where count != before[task] { ran.insert(task) }
        compare(plan, ran, world.machine, seed: seed)
    }

    private func compare(_ plan: ResumePlan, _ ran: Set<String>, _ machine: JobMachine, seed: UInt64) {
        #expect(machine.status == .succeeded, "seed \(seed)")
        var told: Set<String> = []
        var openStages: Set<String> = []
        for entry in plan.entries {
            guard let count = entry.count else {
                openStages.insert(entry.task)
                continue
            }
            #expect(count == 1, "seed \(seed): few shards are listed one by one")
            #expect(told.insert("\(entry.task) \(entry.verdict)").inserted, "seed \(seed): \(entry.task) twice")
        }
        for name in ran {
            let isOpen = openStages.contains(String(name.prefix { $0 != "~" })) && name.last?.isNumber == true
            #expect(told.contains("\(name) run") != isOpen, "seed \(seed): \(name) ran")
        }
        for name in told where name.hasSuffix(" run") {
            #expect(ran.contains(String(name.dropLast(4))), "seed \(seed): \(name) did not")
        }
        #expect(plan.kept == told.count { $0.hasSuffix(" keep") }, "seed \(seed)")
        #expect(plan.toRun == told.count { $0.hasSuffix(" run") }, "seed \(seed)")
        #expect(plan.isOpenEnded == !openStages.isEmpty, "seed \(seed)")
    }

    @Test("1,000 seeds: whatever stored results are damaged, a resume reads none of them before it is made again", arguments: 0..<20)
    func damage(block: Int) {
        for seed in (block * 50)..<(block * 50 + 50) { damage(seed: UInt64(seed)) }
    }

    private func damage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var world = SimulatedWorld(DrawnPlan.plan(&random), slots: Int.random(in: 1...5, using: &random))
        for _ in 0..<Int.random(in: 0...90, using: &random) {
            world.step()
            if world.machine.status != .running { break }
            world.disturb(&random, skips: false)
        }
        world.crash()
        // Values of their own for each task: what one makes again does not mend another.
        let values = world.machine.tasks.compactMap { $0.kind == .fetch ? nil : $0.result?.hash }
        let damaged = Set(values.filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
        let lost = LostOutputs(world.machine) { !damaged.contains($0.hash) }
        for fact in JobMachine.opening(lost: lost.tasks, at: world.now) { world.apply(fact) }
        world.open = world.machine.recoveredOrders
        var mended: Set<ContentHash> = []
        world.run { order in
            for hash in DrawnPlan.reads(order) {
                #expect(!damaged.contains(hash) || mended.contains(hash), "seed \(seed): \(order.task) reads damage")
            }
            let outcome = DrawnPlan.answer(order)
            switch outcome {
            case .succeeded(let result), .expanded(let result, _, _): mended.insert(result.hash)
            default: break
            }
            return outcome
        }
        #expect(world.machine.status == .succeeded, "seed \(seed)")
        if let output = world.machine.output?.hash {
            #expect(!damaged.contains(output) || mended.contains(output), "seed \(seed)")
        }
    }

    @Test("why: each lot has its reason")
    func reasons() throws {
        let retry = StagePolicy(onFailure: .continue)
        let stages = [
            stage("a", split: true), stage("b", needs: [0], policy: retry), stage("c", needs: [1]), stage("d", needs: [0]),
        ]
        var world = SimulatedWorld(plan(stages, outputs: [2, 3]))
        world.run { $0.task == "b" ? .failed(Failure(.oom, "too big")) : obedient(shards: 2)($0) }
        #expect(world.machine.status == .partial)
        let shard = try #require(world.machine.stages[0].shards.last)
        let plan = ResumePlan(world.machine, lost: [shard])
        let lots = Dictionary(uniqueKeysWithValues: plan.entries.map { ($0.task, $0) })
        #expect(lots["a~split"]?.reason == .committed(payload("{}").hash))
        #expect(lots["a~00"]?.reason == .committed(payload("\"a~00\"").hash))
        #expect(lots["a~01"]?.reason == .outputLost)
        #expect(lots["a~merge"]?.reason == .partsChange)
        #expect(lots["b"]?.reason == .inputChanges(stage: "a"))
        #expect(lots["c"]?.reason == .neededFailed(stage: "b"))
        #expect(lots["d"]?.reason == .inputChanges(stage: "a"))
        #expect(lots["~output"]?.reason == .waits(stages: ["c", "d"]))

        let calm = ResumePlan(world.machine, lost: [])
        let calmLots = Dictionary(uniqueKeysWithValues: calm.entries.map { ($0.task, $0.reason) })
        #expect(calmLots["b"] == .failed(Failure(.oom, "too big")))
        #expect(calmLots["d"] == .committed(payload("\"d\"").hash))
        #expect(calm.kept == 5)
    }

    @Test("many shards stand in ranges, and a plan for a million is small")
    func ranges() {
        var world = SimulatedWorld(plan([stage("a", split: true)]), slots: 1)
        var left = 600
        world.step()
        world.answer(0, obedient(shards: 100_000)(world.open[0]))
        while left > 0 {
            world.step()
            world.answer(0, obedient()(world.open[0]))
            left -= 1
        }
        world.crash()
        let plan = ResumePlan(world.machine, lost: [])
        #expect(plan.entries.map(\.shards) == [nil, 0...599, 600...99_999, nil])
        #expect(plan.entries.map(\.verdict) == [.keep, .keep, .run, .run])
        #expect(plan.kept == 601)
        #expect(plan.toRun == 99_401)
    }
}

extension SimulatedWorld {
    /// One thing happens: a report, a failure, a skip, a crash.
    mutating func disturb(_ random: inout SeededGenerator, skips: Bool = true) {
        now += Int64.random(in: 0...3000, using: &random)
        guard !open.isEmpty else {
            if let wake = machine.nextWake { now = max(now, wake) }
            return
        }
        let index = Int.random(in: 0..<open.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: crash()
        case 1:
            let cause = Cause.allCases.randomElement(using: &random) ?? .app
            answer(index, .failed(Failure(cause, "fault")))
        case 2:
            let isFirst = !open[index].task.contains("~") || open[index].task.hasSuffix("~split")
            answer(index, isFirst && skips ? .skipped("no") : DrawnPlan.answer(open[index]))
        case 3:
            machine.draining = Bool.random(using: &random)
        default: answer(index, DrawnPlan.answer(open[index]))
        }
    }
}
