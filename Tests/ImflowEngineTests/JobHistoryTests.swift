import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

/// Why tasks ran, read from journals that the machine itself wrote.
@Suite("Job history")
struct JobHistoryTests {
    private static func plan(_ names: [String], retry: Int = 1, cache: Bool = false) -> Plan {
        Plan(
            models: ["m": ModelPlan(name: "m", folder: "/m", command: ["m"])],
            stages: names.enumerated().map { index, name in
                StagePlan(
                    name: name, kind: .call(model: "m"), needs: index == 0 ? [] : [index - 1],
                    policy: StagePolicy(retry: RetryPolicy(maximumAttempts: retry), cache: cache))
            }, input: [:], inputFiles: [], outputs: [names.count - 1])
    }

    private func history(_ world: SimulatedWorld) -> JobHistory {
        JobHistory(job: "j", plan: world.machine.plan, facts: world.facts)
    }

    private func reasons(_ world: SimulatedWorld, _ task: Int) -> [JobHistory.Reason] {
        history(world).attempts(of: task).map(\.reason)
    }

    @Test("a first run, a retry with its cause, and a resume with a fresh budget")
    func runs() throws {
        var world = SimulatedWorld(Self.plan(["a"], retry: 2))
        world.step()
        let failure = Failure(.app, "no")
        world.answer(0, .failed(failure))
        world.now = 1_000_000
        world.step()
        world.answer(0, .failed(Failure(.app, "still no")))
        world.step()
        #expect(world.machine.status == .failed)
        world.apply(.resumed(at: world.now))
        world.step()
        #expect(reasons(world, 0) == [.first, .retry(failure), .resumedAfterFailure(Failure(.app, "still no"))])
        #expect(history(world).attempts(of: 0).map(\.number) == [1, 2, 3])
        #expect(history(world).attempts(of: 0).last?.end == nil)
    }

    @Test("what succeeded before a resume is kept, unless it was lost")
    func kept() throws {
        var world = SimulatedWorld(Self.plan(["a", "b"]))
        world.step()
        world.now = 10
        world.answer(0, .succeeded(payload("1")))
        world.step()
        world.answer(0, .failed(Failure(.app, "no")))
        world.step()
        world.now = 20
        var lost = world
        world.apply(.resumed(at: 20))
        world.step()
        #expect(history(world).keptSince(0) == 10)
        #expect(history(world).keptSince(1) == nil)
        #expect(reasons(world, 0) == [.first])

        lost.apply(.outputsLost(tasks: [0]))
        lost.apply(.resumed(at: 20))
        lost.step()
        #expect(history(lost).keptSince(0) == nil)
        #expect(reasons(lost, 0) == [.first, .outputLost])
    }

    @Test("an attempt that was ended with its engine is told apart")
    func interrupted() throws {
        var world = SimulatedWorld(Self.plan(["a"]))
        world.step()
        world.machine.draining = true
        world.answer(0, .failed(Failure(.cancelled, "ended")))
        world.step()
        world.apply(.resumed(at: 5))
        world.step()
        #expect(reasons(world, 0) == [.first, .interrupted])
    }

    @Test("what the cache did is kept with the attempt, counted, and on the receipt")
    func cached() throws {
        var world = SimulatedWorld(Self.plan(["a"], cache: true))
        world.step()
        #expect(world.open[0].cache == true)
        var report = report(world.open[0], .succeeded(payload("1")), at: 3)
        report.cache = CacheEvidence(.hit, from: "other/a")
        for fact in world.machine.decide(.report(report), now: 3) { world.apply(fact) }
        world.step()
        #expect(world.machine.status == .succeeded)
        #expect(history(world).attempts(of: 0).last?.cache?.from == "other/a")
        #expect(world.machine.summary.cached == 1)
        let receipts = world.facts.compactMap { world.machine.receipt(of: $0) }
        #expect(receipts.map(\.cachedFrom) == ["other/a"])
        #expect(receipts.map(\.attempt) == [1])
    }

    @Test("stages without `cache: true` and tasks that call no model do not ask the cache")
    func orders() throws {
        var world = SimulatedWorld(Self.plan(["a"]))
        world.step()
        #expect(world.open[0].cache == nil)
    }
}
