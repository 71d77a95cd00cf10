import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

@Suite("Hedging")
struct HedgingTests {
    /// Eight shards, of which all but the last ones have succeeded after 100 ms, and those run since 0.
    private func world(
        stragglers: Int = 1, slots: Int = 8, hedge: HedgePolicy? = HedgePolicy(factor: 2, quantile: 0.5, budget: 0.25),
        policy change: (inout StagePolicy) -> Void = { _ in }
    ) -> SimulatedWorld {
        var policy = StagePolicy(hedge: hedge)
        change(&policy)
        var world = SimulatedWorld(plan([stage("a", split: true, policy: policy)]), slots: slots)
        world.step()
        world.answer(0, obedient(shards: 8)(world.open[0]))
        world.step()
        world.now = 100
        for index in 0..<(8 - stragglers) { world.answer("a~0\(index)", milliseconds: 100) }
        world.step()
        return world
    }

    @Test("a shard that takes longer than its peers gets a second attempt, and the first to succeed counts")
    func secondWins() throws {
        var world = world()
        #expect(world.open.map(\.task) == ["a~07"])
        #expect(world.machine.nextWake == 200)
        world.now = 200
        world.step()
        #expect(world.open.map(\.attempt) == [1, 2])
        #expect(world.open[1].beside == world.open[0].token)
        #expect(world.machine.liveTokens == Set(world.open.map(\.token)))
        #expect(world.machine.nextWake == nil)
        let first = world.open[0]
        world.answer(1, .succeeded(payload("\"second\"")))
        #expect(Array(world.machine.attemptsToEnd.keys) == [first.token])
        #expect(world.machine.occupiedSlots == 1)
        world.answer(0, .failed(Failure(.cancelled, "ended")))
        #expect(world.facts.last == .reportIgnored(task: "a~07", attempt: 1, token: first.token, at: 200))
        #expect(world.machine.attemptsToEnd.isEmpty)
        #expect(world.machine.occupiedSlots == 0)
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.machine.summary.succeeded == 8)
        #expect(world.machine.summary.stages[0].running == 0)
    }

    @Test("when the first attempt wins, the second is ended, though it reports a success")
    func firstWins() {
        var world = world()
        world.now = 200
        world.step()
        let second = world.open[1].token
        world.answer(0, .succeeded(payload("\"first\"")))
        #expect(Array(world.machine.attemptsToEnd.keys) == [second])
        world.answer(0, .succeeded(payload("\"second\"")))
        let shard = world.machine.tasks.first { $0.attempts == 2 }
        #expect(shard?.result?.inline == "\"first\"")
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
    }

    @Test("one of two that fails leaves the other going on", arguments: [0, 1])
    func oneFails(index: Int) {
        var world = world()
        world.now = 200
        world.step()
        world.answer(index, .failed(Failure(.app, "no")))
        world.step()
        #expect(world.open.count == 1)
        #expect(world.machine.tasks.count { $0.status == .running } == 1)
        world.answer(0, .succeeded(payload("1")))
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started["a~07"] == 2)
    }

    @Test("when both fail, both count, and attempt numbers go on")
    func bothFail() {
        var world = world { $0.retry = RetryPolicy(maximumAttempts: 3) }
        world.now = 200
        world.step()
        world.answer(1, .failed(Failure(.app, "no")))
        world.answer(0, .failed(Failure(.app, "no")))
        var attempts: [Int] = []
        world.run { order in
            if order.task == "a~07" { attempts.append(order.attempt) }
            return order.task == "a~07" ? .failed(Failure(.app, "no")) : obedient()(order)
        }
        #expect(attempts == [3])
        #expect(world.machine.status == .failed)
    }

    @Test("without the policy, without a free slot, beyond the budget or at a limit there is no second attempt")
    func noHedge() {
        var off = world(hedge: nil)
        #expect(off.machine.nextWake == nil)
        off.now = 10_000
        off.step()
        #expect(off.open.count == 1)

        var budget = world(stragglers: 3)
        budget.now = 10_000
        budget.step()
        #expect(budget.open.map(\.task) == ["a~05", "a~06", "a~07", "a~05", "a~06"])

        var limited = world { $0.maxParallel = 1 }
        while limited.open.first?.task != "a~07" {
            limited.answer(0, obedient()(limited.open[0]), milliseconds: 100)
            limited.step()
        }
        limited.now = 10_000
        limited.step()
        #expect(limited.open.count == 1)
        #expect(limited.machine.nextWake == nil)
    }

    @Test("ready work goes before second attempts")
    func readyFirst() {
        var world = world(slots: 2)
        world.now = 1_000
        var seen: Set<String> = []
        for _ in 0..<4 {
            world.step()
            for order in world.open where order.attempt == 2 {
                #expect(world.machine.tasks.allSatisfy { $0.status != .ready }, "\(order.task)")
            }
            guard let order = world.open.first(where: { $0.task != "a~00" }) else { break }
            seen.insert(order.task)
            world.answer(order.task, milliseconds: 100)
        }
        #expect(!seen.isEmpty)
    }

    @Test("an engine that dies takes both attempts over")
    func crash() {
        var world = world()
        world.now = 200
        world.step()
        let tokens = Set(world.open.map(\.token))
        world.crash()
        world.apply(.resumed(at: 300))
        #expect(Set(world.open.map(\.token)) == tokens)
        #expect(world.machine.liveTokens == tokens)
        world.answer(1, .succeeded(payload("1")))
        world.crash()
        world.apply(.resumed(at: 400))
        #expect(world.open.isEmpty)
        #expect(world.machine.occupiedSlots == 0)
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
    }
}
