import ImflowExecution
import ImflowJSON
import Testing

@testable import ImflowEngine
@testable import ImflowPlan

@Suite("Replan")
struct ReplanTests {
    /// The new plan, taken up as the command line does; answers the difference.
    @discardableResult
    private func replan(_ world: inout SimulatedWorld, to new: Plan, name: String) -> PlanDifference {
        let old = world.machine.plan
        // What a fetch answers here is no object: nothing of it can be carried over.
        let carried = PlanDifference.carriedInput(from: old, to: new, fetched: nil)
        let same = old.input == new.input && old.inputFiles == new.inputFiles
        let difference = PlanDifference(from: old, to: new, fetches: carried == nil && !same)
        let stored = payload("plan \(name)")
        world.machine.plans[stored.hash] = new
        let input = payload(String(decoding: new.input.canonicalBytes(), as: UTF8.self))
        world.apply(.replanned(world.machine.replan(difference, to: new, plan: stored, input: input, at: world.now)))
        world.open = []
        return difference
    }

    private func undisturbed(_ plan: Plan) -> JobMachine {
        var world = SimulatedWorld(plan, input: payload(String(decoding: plan.input.canonicalBytes(), as: UTF8.self)))
        world.run(DrawnPlan.answer)
        return world.machine
    }

    @Test("1,000 seeds: after any change at any moment the result is that of an undisturbed run of the new plan", arguments: 0..<20)
    func seeds(block: Int) {
        for seed in (block * 50)..<(block * 50 + 50) { check(seed: UInt64(seed)) }
    }

    private func check(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let first = DrawnPlan.plan(&random)
        var world = SimulatedWorld(
            first, slots: Int.random(in: 1...5, using: &random),
            input: payload(String(decoding: first.input.canonicalBytes(), as: UTF8.self)))
        disturb(&world, &random)
        for number in 0..<Int.random(in: 1...3, using: &random) {
            world.machine.draining = false
            let settled = world.machine
            let startedBefore = world.started
            let difference = replan(
                &world, to: DrawnPlan.changed(world.machine.plan, number: number, &random), name: "\(seed)-\(number)")
            if Bool.random(using: &random) { world.crash() }
            world.apply(.resumed(at: world.now))
            world.open = world.machine.recoveredOrders
            disturb(&world, &random, skips: false)
            checkKept(settled, difference, startedBefore, world, seed: seed)
        }
        finish(&world)
        #expect(world.machine.status == .succeeded, "seed \(seed)")
        #expect(world.replayed.summary == world.machine.summary, "seed \(seed)")
        #expect(world.replayed.tasks.map(\.status) == world.machine.tasks.map(\.status), "seed \(seed)")
        checkAttempts(world, seed: seed)
        if !world.machine.stages.contains(where: { $0.status == .skipped }) {
            #expect(world.machine.output == undisturbed(world.machine.plan).output, "seed \(seed)")
        }
    }

    private func disturb(_ world: inout SimulatedWorld, _ random: inout SeededGenerator, skips: Bool = true) {
        for _ in 0..<Int.random(in: 0...60, using: &random) {
            world.step()
            if world.machine.status != .running { return }
            world.disturb(&random, skips: skips)
        }
    }

    private func finish(_ world: inout SimulatedWorld) {
        for _ in 0..<3 where world.machine.status != .succeeded {
            world.crash()
            world.apply(.resumed(at: world.now))
            world.open = world.machine.recoveredOrders
            world.run(DrawnPlan.answer)
        }
    }

    /// Of stages that succeeded before, as all before them did, and that the difference keeps, nothing ran again.
    private func checkKept(
        _ old: JobMachine, _ difference: PlanDifference, _ started: [String: Int], _ world: SimulatedWorld, seed: UInt64
    ) {
        let names = old.plan.stages.map(\.name)
        var safe: Set<String> = []
        for (index, stage) in world.machine.plan.stages.enumerated() {
            guard difference.effects[index] == .keep, let origin = names.firstIndex(of: stage.name),
                old.stages[origin].status == .succeeded,
                stage.needs.allSatisfy({ safe.contains(world.machine.plan.stages[$0].name) })
            else { continue }
            safe.insert(stage.name)
        }
        for (task, count) in world.started where safe.contains(String(task.prefix { $0 != "~" })) {
            #expect(started[task] == count, "seed \(seed): \(task) ran again")
        }
    }

    private func checkAttempts(_ world: SimulatedWorld, seed: UInt64) {
        var machine = JobMachine(job: "j", plan: world.firstPlan, plans: world.machine.plans)
        var attempts: Set<String> = []
        for fact in world.facts {
            machine.apply(fact)
            if case .attemptStarted(let task, let attempt, _, _) = fact {
                let name = machine.name(of: task)
                #expect(attempts.insert("\(name)/\(attempt)").inserted, "seed \(seed): \(name) \(attempt) twice")
            }
        }
    }

    private func finished(_ stages: [StagePlan]) -> SimulatedWorld {
        var world = SimulatedWorld(plan(stages))
        world.run(DrawnPlan.answer)
        return world
    }

    /// What starts after the plan has changed.
    private func rerun(_ world: inout SimulatedWorld, _ new: Plan) -> [String] {
        let before = world.started
        replan(&world, to: new, name: "\(world.facts.count)")
        world.apply(.resumed(at: world.now))
        world.run(DrawnPlan.answer)
        #expect(world.machine.status == .succeeded)
        return world.started.filter { before[$0.key] != $0.value }.keys.sorted()
    }

    private let chain = [stage("a"), stage("b", needs: [0], split: true), stage("c", needs: [1])]

    @Test("a change in the middle runs that stage and what follows; policies and resources nothing")
    func middle() {
        var world = finished(chain)
        var changed = world.machine.plan
        changed.stages[1].literal = ["k": 1]
        #expect(rerun(&world, changed) == ["b~00", "b~01", "b~02", "b~merge", "b~split", "c"])

        world = finished(chain)
        changed = world.machine.plan
        changed.stages[0].policy.timeout = TimeSpan(seconds: 9)
        changed.models["m"]?.resources.cpu = 2
        changed.policy.timeout = TimeSpan(seconds: 99)
        let difference = PlanDifference(from: world.machine.plan, to: changed, fetches: false)
        #expect(difference.changed == [PlanDifference.Change(name: "a", fields: ["policy.timeout"])])
        #expect(difference.models == [PlanDifference.Change(name: "m", fields: ["resources.cpu"])])
        #expect(difference.job == ["timeout"])
        #expect(rerun(&world, changed) == [])
    }

    @Test("another merge merges the shards there are")
    func merge() {
        var world = finished(chain)
        var changed = world.machine.plan
        changed.stages[1].merge = MergePlan(strategy: .topK, k: 7)
        #expect(rerun(&world, changed) == ["b~merge", "c"])
    }

    @Test("a new name for what is published runs who reads it, not who makes it")
    func outputKey() {
        var world = finished(chain)
        var changed = world.machine.plan
        changed.stages[0].outputKey = "text"
        #expect(rerun(&world, changed) == ["b~00", "b~01", "b~02", "b~merge", "b~split", "c"])
    }

    @Test("a model's program changes every stage that calls it")
    func model() {
        var world = finished(chain)
        var changed = world.machine.plan
        changed.models["n"] = ModelPlan(name: "m", folder: "/m", command: ["false"])
        changed.stages[2].kind = .call(model: "n")
        let difference = PlanDifference(from: world.machine.plan, to: changed, fetches: false)
        #expect(difference.models.contains(PlanDifference.Change(name: "m", fields: ["entrypoint"])))
        #expect(difference.effects == [.keep, .keep, .run])
        #expect(rerun(&world, changed) == ["c"])
    }

    @Test("a stage that went and comes back counts its attempts on, and stages find themselves at other places")
    func goneAndBack() {
        var world = finished(chain)
        let full = world.machine.plan
        var less = full
        less.stages.remove(at: 1)
        less.stages[1].needs = [0]
        less.stages[1].binding.sources = [0]
        less.outputs = [1]
        #expect(rerun(&world, less) == ["c"])
        #expect(world.machine.name(of: 2) == "b~00")
        #expect(rerun(&world, full) == ["b~00", "b~01", "b~02", "b~merge", "b~split", "c"])
        #expect(world.facts.contains { fact in
            if case .attemptStarted(let task, 2, _, _) = fact { world.machine.name(of: task) == "b~00" } else { false }
        })
        checkAttempts(world, seed: 0)
    }

    @Test("of the input only what a stage reads matters to it")
    func input() {
        var keyed = [stage("a"), stage("b")]
        for index in keyed.indices { keyed[index].binding = Binding(key: index == 0 ? "x" : "y") }
        var old = plan(keyed, outputs: [0, 1])
        old.input = ["x": 1, "y": 2]
        var world = SimulatedWorld(old)
        world.run(DrawnPlan.answer)
        var new = old
        new.input = ["x": 1, "y": 3]
        #expect(PlanDifference(from: old, to: new, fetches: false).job == ["input.y"])
        #expect(rerun(&world, new) == ["b", "~output"])
    }

    @Test("fetched files are carried over while their URLs stay; another URL is fetched, and everything runs")
    func files() {
        var old = plan([stage("a")])
        old.input = ["file_url": "http://x/1", "n": 1]
        old.inputFiles = ["/file_url"]
        var new = old
        new.input = ["file_url": "http://x/1", "n": 2]
        let fetched: JSONValue = ["file_url": "cas://sha256/00/1", "n": 1]
        #expect(
            PlanDifference.carriedInput(from: old, to: new, fetched: fetched)
                == ["file_url": "cas://sha256/00/1", "n": 2])
        new.input = ["file_url": "http://x/2", "n": 1]
        #expect(PlanDifference.carriedInput(from: old, to: new, fetched: fetched) == Optional.none)
        let all = PlanDifference(from: old, to: new, fetches: true)
        #expect(all.effects == [.run])
        var world = SimulatedWorld(old)
        world.run(DrawnPlan.answer)
        #expect(rerun(&world, new) == ["a", "~input"])
    }

    @Test("fields are named as manifests name them, maps by their members, values never")
    func fields() {
        var old = plan([stage("a", split: true)])
        old.models["m"]?.environment = ["TOKEN": "old", "SAME": "x"]
        var new = old
        new.models["m"]?.environment = ["TOKEN": "new", "SAME": "x", "MORE": "y"]
        new.models["m"]?.callProtocol = .rest
        new.stages[0].split?.batchSize = 8
        new.stages[0].policy.hedge = HedgePolicy()
        new.stages[0].needs = []
        let difference = PlanDifference(from: old, to: new, fetches: false)
        #expect(difference.models == [PlanDifference.Change(name: "m", fields: ["protocol", "env.MORE", "env.TOKEN"])])
        #expect(difference.changed == [PlanDifference.Change(name: "a", fields: ["split.batch_size", "policy.hedge"])])
        #expect(PlanDifference(from: old, to: old, fetches: false).isEmpty)
    }
}
