import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowEngine

@Suite("Limits: slots, max_parallel, queue_timeout, the job's time")
struct LimitTests {
    private func started(_ world: SimulatedWorld) -> [String] { world.open.map(\.task).sorted() }

    @Test("a stage at its limit keeps no other stage waiting")
    func stageLimit() {
        let stages = [
            stage("a", split: true, priority: 5, policy: StagePolicy(maxParallel: 2)), stage("b", split: true),
        ]
        var world = SimulatedWorld(plan(stages, outputs: [0, 1]), slots: 5)
        world.step()
        world.answer("a~split", obedient(shards: 6)(world.open[0]))
        world.answer("b~split", obedient(shards: 6)(world.open[0]))
        world.step()
        #expect(started(world) == ["a~00", "a~01", "b~00", "b~01", "b~02"])
        world.answer("a~01")
        world.step()
        #expect(started(world) == ["a~00", "a~02", "b~00", "b~01", "b~02"])
    }

    @Test("a retry that is due waits for its stage's limit like any other")
    func stageLimitAndRetries() {
        let policy = StagePolicy(retry: RetryPolicy(maximumAttempts: 2), maxParallel: 1)
        var world = SimulatedWorld(plan([stage("a", split: true, policy: policy)]), slots: 4)
        world.step()
        world.answer(0, obedient(shards: 3)(world.open[0]))
        world.step()
        world.answer("a~00", .failed(Failure(.app, "no")))
        world.step()
        #expect(started(world) == ["a~01"])
        world.now = 10_000
        world.step()
        #expect(started(world) == ["a~01"])
        world.answer("a~01")
        world.step()
        #expect(started(world) == ["a~00"])
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
    }

    @Test("a model's limit holds over all stages that call it, a reducer included, and not for data tasks")
    func modelLimit() {
        var reduced = stage("c", model: "free", split: true)
        reduced.merge?.reducer = "gpu"
        let stages = [stage("a", model: "gpu", split: true), stage("b", model: "gpu"), reduced]
        var world = SimulatedWorld(
            plan(stages, models: [model("gpu", maxParallel: 1), model("free")], outputs: [0, 1, 2]), slots: 9)
        world.step()
        #expect(started(world) == ["a~split", "b", "c~split"])
        world.answer("a~split", obedient(shards: 2)(world.open[0]))
        world.answer("c~split", obedient(shards: 2)(world.open[1]))
        world.step()
        #expect(started(world) == ["b", "c~00", "c~01"])
        world.answer("c~00")
        world.answer("c~01")
        world.step()
        #expect(started(world) == ["b"])
        world.answer("b")
        world.step()
        #expect(started(world) == ["a~00"])
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started["c~merge"] == 1)
    }

    @Test("a job's limit is counted beside the machine's slots")
    func jobLimit() {
        var world = SimulatedWorld(
            plan([stage("a"), stage("b"), stage("c")], outputs: [0, 1, 2], policy: JobPolicy(maxParallel: 2)), slots: 8)
        world.step()
        #expect(started(world) == ["a", "b"])
    }

    @Test("what waits in the queue for too long fails, and says what it waited for")
    func queueTimeout() throws {
        let policy = StagePolicy(queueTimeout: TimeSpan(seconds: 30), onFailure: .continue, maxParallel: 1)
        var world = SimulatedWorld(plan([stage("a", split: true, policy: policy), stage("b")], outputs: [0, 1]))
        world.step()
        world.answer("a~split", obedient(shards: 2)(world.open[0]))
        world.step()
        #expect(started(world) == ["a~00", "b"])
        #expect(world.machine.nextWake == 30_000)
        world.now = 29_999
        world.step()
        #expect(world.machine.tasks.allSatisfy { $0.status != .failed })
        world.now = 30_000
        world.step()
        let failure = try #require(world.machine.stages[0].failure)
        #expect(failure.cause == .timeout)
        #expect(failure.message.contains("queue_timeout of 30.0 s"))
        #expect(failure.message.contains("at most 1 calls at once (max_parallel)"))
        world.run(obedient())
        #expect(world.machine.status == .partial)
        #expect(world.started["a~01"] == nil)
        world.apply(.resumed(at: world.now))
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
    }

    @Test("what was started in time is not hit by the queue's limit, and waiting for a back-off is not waiting in the queue")
    func queueTimeoutAndRetries() {
        let retry = RetryPolicy(maximumAttempts: 2, initialInterval: TimeSpan(seconds: 60))
        let policy = StagePolicy(queueTimeout: TimeSpan(seconds: 30), retry: retry)
        var world = SimulatedWorld(plan([stage("a", policy: policy)]))
        world.step()
        world.now = 100_000
        world.step()
        world.answer("a", .failed(Failure(.app, "no")))
        world.step()
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started["a"] == 2)
    }

    @Test("what could start counts within the limits of the job, its stages and its models")
    func demand() {
        func demand(stage policy: StagePolicy = StagePolicy(), model limit: Int? = nil, job: Int? = nil) -> Int {
            var world = SimulatedWorld(
                plan(
                    [stage("a", split: true, policy: policy), stage("b", split: true)],
                    models: [model("m", maxParallel: limit)], outputs: [0, 1], policy: JobPolicy(maxParallel: job)),
                slots: 2)
            world.step()
            for task in ["a~split", "b~split"] { world.answer(task, obedient(shards: 10)(world.open[0])) }
            world.slots = 0
            world.step()
            return world.machine.startable(now: 0)
        }
        #expect(demand() == 20)
        #expect(demand(stage: StagePolicy(maxParallel: 3)) == 13)
        #expect(demand(model: 4) == 4)
        #expect(demand(job: 2) == 2)
    }

    @Test("a pause does not use up the job's time, what ran before it does, and a finished job starts with all of it again")
    func timeOverPause() {
        var world = SimulatedWorld(
            plan([stage("a"), stage("b", needs: [0])], policy: JobPolicy(timeout: TimeSpan(seconds: 10))))
        world.step()
        world.machine.draining = true
        world.now = 4_000
        world.answer("a")
        world.step()
        #expect(world.machine.status == .pending)
        world.apply(.resumed(at: 1_000_000))
        world.now = 1_000_000
        world.step()
        #expect(world.machine.nextWake == 1_006_000)
        world.now = 1_006_000
        world.step()
        world.answer("b", .failed(Failure(.cancelled, "ended")))
        world.step()
        #expect(world.machine.status == .failed)
        world.apply(.resumed(at: 2_000_000))
        #expect(world.machine.nextWake == 2_010_000)
    }

    @Test("a crash gives no time back")
    func timeOverCrash() {
        var world = SimulatedWorld(
            plan([stage("a"), stage("b", needs: [0])], policy: JobPolicy(timeout: TimeSpan(seconds: 10))))
        world.step()
        world.now = 7_000
        world.answer("a")
        world.step()
        world.crash()
        world.apply(.resumed(at: 50_000))
        #expect(world.machine.nextWake == 53_000)
    }
}
