import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

@Suite("Policies: soft needs, memory, partial results")
struct PolicyTests {
    private let tolerant = StagePolicy(onFailure: .continue)

    @Test("a soft need only has to have ended; the stage binds to what there is")
    func softNeed() throws {
        let stages = [
            stage("a", policy: tolerant), stage("b", policy: tolerant), stage("c", needs: [0, 1], softNeeds: [0]),
        ]
        var world = SimulatedWorld(plan(stages))
        var bound: [String] = []
        world.run { order in
            if order.task == "a" { return .failed(Failure(.app, "no")) }
            if case .call(let work) = order.work, case .whole(let context) = work.input, order.task == "c" {
                bound = context.sources.map(\.stage)
            }
            return obedient()(order)
        }
        #expect(world.machine.stages.map(\.status) == [.failed, .succeeded, .succeeded])
        #expect(world.machine.status == .partial)
        #expect(bound == ["b"])
    }

    @Test("a hard need beside a soft one still has to succeed")
    func hardNeed() {
        let stages = [
            stage("a", policy: tolerant), stage("b", policy: tolerant), stage("c", needs: [0, 1], softNeeds: [0]),
        ]
        var world = SimulatedWorld(plan(stages))
        world.run { $0.task == "b" ? .failed(Failure(.app, "no")) : obedient()($0) }
        #expect(world.machine.stages.map(\.status) == [.succeeded, .failed, .skipped])
    }

    @Test("a stage that was skipped because of a failure lets soft dependents start")
    func softNeedOfSkipped() {
        let stages = [
            stage("a", policy: tolerant), stage("b", needs: [0]), stage("c", needs: [1], softNeeds: [1]),
        ]
        var world = SimulatedWorld(plan(stages))
        world.run { $0.task == "a" ? .failed(Failure(.app, "no")) : obedient()($0) }
        #expect(world.machine.stages.map(\.status) == [.failed, .skipped, .succeeded])
    }

    @Test("when a soft need is run again, what depends on it runs again, with its result")
    func softNeedOnResume() {
        let stages = [stage("a", policy: tolerant), stage("b", needs: [0], softNeeds: [0])]
        var world = SimulatedWorld(plan(stages))
        world.run { $0.task == "a" ? .failed(Failure(.app, "no")) : obedient()($0) }
        #expect(world.started == ["a": 1, "b": 1])
        world.apply(.resumed(at: world.now))
        var sources = 0
        world.run { order in
            if case .call(let work) = order.work, case .whole(let context) = work.input, order.task == "b" {
                sources = context.sources.count
            }
            return obedient()(order)
        }
        #expect(world.machine.status == .succeeded)
        #expect(world.started == ["a": 2, "b": 2])
        #expect(sources == 1)
    }

    private func memory(of order: WorkOrder) -> Int64? {
        guard case .call(let work) = order.work else { return nil }
        return work.model.resources.memory?.bytes
    }

    private func limited(memory: Int64?, most: Int64?) -> ModelPlan {
        model(
            "m",
            resources: Resources(
                memory: memory.map { ByteCount(bytes: $0) }, memoryMax: most.map { ByteCount(bytes: $0) }))
    }

    @Test("each attempt that ran out of memory doubles what the next one gets, up to memory_max, and says so")
    func outOfMemory() {
        let policy = StagePolicy(
            retry: RetryPolicy(maximumAttempts: 5, initialInterval: TimeSpan(milliseconds: 1)))
        let model = limited(memory: 1 << 30, most: 3 << 30)
        var world = SimulatedWorld(plan([stage("a", policy: policy)], models: [model]))
        var asked: [Int64?] = []
        world.run { order in
            asked.append(memory(of: order))
            return order.attempt < 5 ? .failed(Failure(order.attempt == 2 ? .app : .oom, "full")) : obedient()(order)
        }
        let gigabyte: Int64 = 1 << 30
        #expect(asked == [gigabyte, 2 * gigabyte, 2 * gigabyte, 3 * gigabyte, 3 * gigabyte])
        let messages = world.facts.compactMap { fact -> String? in
            if case .attemptFailed(_, _, let failure, _, _) = fact { failure.message } else { nil }
        }
        #expect(messages[0] == "full; it had 1 GiB, another attempt would get 2 GiB")
        #expect(messages[1] == "full")
        #expect(messages[3] == "full; it had 3 GiB, all that resources.memory_max allows")
    }

    @Test("a resume remembers what memory was too little, and a replay asks for the same")
    func outOfMemoryAndResume() {
        var world = SimulatedWorld(plan([stage("a")], models: [limited(memory: 1 << 20, most: 1 << 30)]))
        world.run { _ in .failed(Failure(.oom, "full")) }
        #expect(world.machine.status == .failed)
        world.crash()
        world.apply(.resumed(at: world.now))
        world.step()
        #expect(world.open.first.flatMap { memory(of: $0) } == 2 << 20)
    }

    @Test("without memory_max, or without memory, nothing is raised")
    func outOfMemoryWithoutLimit() {
        for model in [limited(memory: 1 << 20, most: nil), limited(memory: nil, most: 1 << 30)] {
            let policy = StagePolicy(retry: RetryPolicy(maximumAttempts: 2))
            var world = SimulatedWorld(plan([stage("a", policy: policy)], models: [model]))
            var asked: [Int64?] = []
            world.run { order in
                asked.append(memory(of: order))
                return .failed(Failure(.oom, "full"))
            }
            #expect(asked == [model.resources.memory?.bytes, model.resources.memory?.bytes])
            #expect(world.machine.summary.message == "full")
        }
    }

    /// 10 units as 4 shards of 3, 3, 2 and 2.
    private func split(_ order: WorkOrder) -> Outcome {
        guard case .split = order.work else { return obedient()(order) }
        return .expanded(
            shared: payload("{}"), unitCount: 10, shards: (0..<4).map { payload("[\($0)]") })
    }

    @Test("coverage counts units, and holes say which are missing")
    func coverage() throws {
        let policy = StagePolicy(onFailure: .partial, minSuccessRatio: 0.5)
        var world = SimulatedWorld(plan([stage("a", split: true, policy: policy)]))
        #expect(world.machine.coverage(ofStage: 0) == nil)
        world.run { ["a~01", "a~02"].contains($0.task) ? .failed(Failure(.app, "no")) : split($0) }
        #expect(world.machine.status == .partial)
        let coverage = try #require(world.machine.coverage(ofStage: 0))
        #expect((coverage.unitsSucceeded, coverage.units) == (5, 10))
        let holes = world.machine.holes(ofStage: 0)
        #expect(holes.map(\.shardIndex) == [1, 2])
        #expect(holes.map(\.unitRange) == [3..<6, 6..<8])
        #expect(holes.map(\.failure.message) == ["no", "no"])
        #expect(world.machine.summary.stages[0].unitsSucceeded == 5)
        world.apply(.resumed(at: world.now))
        world.run { split($0) }
        #expect(world.machine.coverage(ofStage: 0)?.share == 1)
        #expect(world.machine.holes(ofStage: 0).isEmpty)
    }

    @Test("the ratio is of shards, and exactly the ratio is enough", arguments: [(0.5, true), (0.51, false), (0, true)])
    func ratio(ratio: Double, isEnough: Bool) {
        let policy = StagePolicy(onFailure: .partial, minSuccessRatio: ratio)
        var world = SimulatedWorld(plan([stage("a", split: true, policy: policy)]))
        world.run { ["a~01", "a~02"].contains($0.task) ? .failed(Failure(.app, "no")) : split($0) }
        #expect(world.machine.status == (isEnough ? .partial : .failed))
    }

    @Test("a stage after a partial one works on what there is, and the job is partial", arguments: FailurePolicy.allCases)
    func afterPartial(second: FailurePolicy) {
        let stages = [
            stage("a", split: true, policy: StagePolicy(onFailure: .partial)),
            stage("b", needs: [0], split: true, policy: StagePolicy(onFailure: second)), stage("c", needs: [1]),
        ]
        var world = SimulatedWorld(plan(stages))
        world.run { $0.task == "a~01" ? .failed(Failure(.app, "no")) : split($0) }
        #expect(world.machine.stages.map(\.status) == [.partial, .succeeded, .succeeded])
        #expect(world.machine.status == .partial)

        var failing = SimulatedWorld(plan(stages))
        failing.run { ["a~01", "b~02"].contains($0.task) ? .failed(Failure(.app, "no")) : split($0) }
        switch second {
        case .fail: #expect(failing.machine.status == .failed)
        case .continue: #expect(failing.machine.stages.map(\.status) == [.partial, .failed, .skipped])
        case .partial: #expect(failing.machine.stages.map(\.status) == [.partial, .partial, .succeeded])
        }
        failing.apply(.resumed(at: failing.now))
        failing.run { split($0) }
        #expect(failing.machine.status == .succeeded)
    }
}
