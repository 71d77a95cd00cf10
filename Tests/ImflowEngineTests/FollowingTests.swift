import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

@Suite("Flow without barriers")
struct FollowingTests {
    private func flow(
        first: StagePolicy = StagePolicy(), second: StagePolicy = StagePolicy(), third: Bool = false
    ) -> Plan {
        var stages = [
            stage("a", split: true, policy: first),
            stage("b", needs: [0], follows: 0, split: true, policy: second),
        ]
        if third { stages.append(stage("c", needs: [1], follows: 1, split: true)) }
        return plan(stages)
    }

    /// Both stages are split into three.
    private func splitBoth(_ plan: Plan) -> SimulatedWorld {
        var world = SimulatedWorld(plan, slots: 9)
        world.step()
        world.answer("a~split")
        world.step()
        world.answer("b~split")
        world.step()
        return world
    }

    private func open(_ world: SimulatedWorld) -> [String] { world.open.map(\.task).sorted() }

    @Test("a shard starts when the one it follows is done, with its result; the stage ends after the other one")
    func flows() throws {
        var world = SimulatedWorld(flow(), slots: 9)
        world.step()
        world.answer("a~split")
        world.step()
        #expect(open(world) == ["a~00", "a~01", "a~02", "b~split"])
        let split = try #require(world.open.first { $0.task == "b~split" })
        guard case .split(let work) = split.work else { throw Failure(.app, "no split") }
        #expect(work.followed == FollowedList(stage: "a", outputKey: nil, position: 0, unitCount: 3, shardCount: 3))
        #expect(work.context.sources.isEmpty)
        world.answer("b~split")
        world.step()
        #expect(open(world) == ["a~00", "a~01", "a~02"])
        world.answer("a~01")
        world.step()
        let shard = try #require(world.open.first { $0.task == "b~01" })
        guard case .call(let call) = shard.work, case .shard(_, _, let followed) = call.input else {
            throw Failure(.app, "no shard")
        }
        #expect(followed?.inline == "\"a~01\"")
        world.answer("b~01")
        for task in ["a~00", "a~02"] { world.answer(task) }
        world.step()
        #expect(open(world) == ["a~merge", "b~00", "b~02"])
        for task in ["b~00", "b~02"] { world.answer(task) }
        world.step()
        #expect(open(world) == ["a~merge"])
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started.values.allSatisfy { $0 == 1 })
    }

    @Test("where it cannot be, a stage waits for whole results")
    func barrier() {
        var plans: [Plan] = []
        for change: (inout Plan) -> Void in [
            { $0.stages[1].binding.sources = [] }, { $0.stages[1].split?.batchSize = 2 },
            { $0.stages[1].split?.shardLimit = 7 }, { $0.stages[0].policy.onFailure = .partial },
            { $0.stages[0].merge?.strategy = .vote }, { $0.stages[1].softNeeds = [0] },
            { $0.stages[1].when = .truthy(path: ["x"]) }, { $0.stages[1].follows = 17 },
            { $0.stages[0].merge?.reducer = "m" },
        ] {
            var plan = flow()
            change(&plan)
            plans.append(plan)
        }
        for plan in plans {
            var world = SimulatedWorld(plan, slots: 9)
            world.step()
            world.answer("a~split")
            world.step()
            #expect(open(world) == ["a~00", "a~01", "a~02"])
            world.run(obedient())
            #expect(world.machine.status == .succeeded)
        }
    }

    @Test("other needs still have to be met first; when the followed stage has ended by then, its result is taken whole")
    func otherNeeds() {
        let stages = [
            stage("a", split: true), stage("x"), stage("b", needs: [0, 1], follows: 0, split: true),
        ]
        var world = SimulatedWorld(plan(stages), slots: 9)
        world.step()
        world.answer("a~split")
        world.step()
        #expect(open(world) == ["a~00", "a~01", "a~02", "x"])
        for task in ["a~00", "a~01", "a~02"] { world.answer(task) }
        world.step()
        world.answer("a~merge")
        world.answer("x")
        world.step()
        #expect(open(world) == ["b~split"])
        if case .split(let work) = world.open[0].work {
            #expect(work.followed == nil)
            #expect(work.context.sources.map(\.stage) == ["a", "x"])
        }
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
    }

    @Test("no unit at all", arguments: [0, 1])
    func few(shards: Int) {
        var world = SimulatedWorld(flow(third: true))
        world.run(obedient(shards: shards))
        #expect(world.machine.status == .succeeded)
        #expect(world.machine.output?.inline == "\"c~merge\"")
    }

    @Test("a chain of followers runs shard by shard")
    func chain() {
        var world = splitBoth(flow(third: true))
        world.answer("c~split")
        for task in ["a~02", "b~02"] {
            world.answer(task)
            world.step()
        }
        #expect(open(world) == ["a~00", "a~01", "c~02"])
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started.values.allSatisfy { $0 == 1 })
    }

    @Test("a split that bundles otherwise than the stage it follows is refused")
    func otherBundling() {
        var world = SimulatedWorld(flow())
        world.run { $0.task == "b~split" ? obedient(shards: 2)($0) : obedient(shards: 3)($0) }
        #expect(world.machine.status == .failed)
        #expect(world.machine.summary.message?.contains("the split has 2 shards") == true)
    }

    @Test("when the followed stage fails, none of the other's output counts; a resume keeps what was done", arguments: [
        FailurePolicy.fail, .continue,
    ])
    func leaderFails(policy: FailurePolicy) {
        var world = splitBoth(flow(first: StagePolicy(onFailure: policy), third: true))
        world.answer("a~01")
        world.step()
        world.answer("b~01")
        world.answer("a~00", .failed(Failure(.app, "no")))
        world.run { $0.task == "c~split" ? obedient()($0) : .failed(Failure(.cancelled, "ended")) }
        #expect(world.machine.status == .failed)
        #expect(world.machine.stages[1].status == .skipped)
        #expect(world.machine.stages[1].result == nil)
        let before = world.started
        world.apply(.resumed(at: world.now))
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        for task in ["a~split", "a~01", "b~split", "b~01"] { #expect(world.started[task] == before[task], "\(task)") }
    }

    @Test("a lost result of a shard that is still needed is made first, and what was made of it again")
    func lostShard() {
        var world = splitBoth(flow())
        for task in ["a~00", "a~01", "a~02"] { world.answer(task) }
        world.step()
        for task in ["a~merge", "b~01"] { world.answer(task) }
        world.crash()
        let lost = world.machine.tasks.indices.filter { ["a~00", "a~01"].contains(world.machine.name(of: $0)) }
        world.apply(.outputsLost(tasks: lost))
        world.apply(.resumed(at: world.now))
        world.open = world.machine.recoveredOrders
        world.step()
        #expect(open(world) == ["a~00", "a~01", "b~02"])
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started["b~01"] == 2)
        #expect(world.started["b~split"] == 1)
        #expect(world.started["a~merge"] == 2)
    }

    @Test("when the followed stage is split again, so is what follows it")
    func lostSplit() {
        var world = splitBoth(flow())
        world.answer("a~01")
        world.step()
        world.answer("b~01")
        world.crash()
        let split = world.machine.tasks.indices.filter { world.machine.name(of: $0) == "a~split" }
        world.apply(.outputsLost(tasks: split))
        world.apply(.resumed(at: world.now))
        world.open = world.machine.recoveredOrders
        #expect(world.open.isEmpty)
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started["b~split"] == 2)
        #expect(world.started["b~01"] == 2)
    }
}
