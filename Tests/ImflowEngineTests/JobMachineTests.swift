import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

@Suite("Job machine")
struct JobMachineTests {
    @Test("a chain runs in order and its last result is the job's")
    func chain() {
        var world = SimulatedWorld(plan([stage("a"), stage("b", needs: [0]), stage("c", needs: [1])]))
        var order: [String] = []
        world.run {
            order.append($0.task)
            return obedient()($0)
        }
        #expect(order == ["a", "b", "c"])
        #expect(world.machine.status == .succeeded)
        #expect(world.machine.output?.inline == "\"c\"")
    }

    @Test("a split stage expands, runs its shards, and merges once all are there")
    func split() {
        var world = SimulatedWorld(plan([stage("a", split: true)]))
        world.run(obedient(shards: 12))
        #expect(
            world.started
                == Dictionary(
                    uniqueKeysWithValues: (["a~split", "a~merge"] + (0..<12).map { "a~\($0 < 10 ? "0" : "")\($0)" }).map
                    { ($0, 1) }))
        #expect(world.machine.summary.totalShards == 12)
        #expect(world.machine.summary.succeeded == 12)
        #expect(world.machine.summary.mergeStatus == .merged)
        #expect(world.machine.subJobID(of: 7) == "j-06")
    }

    @Test("no unit at all still merges")
    func nothingToSplit() {
        var world = SimulatedWorld(plan([stage("a", split: true)]))
        world.run(obedient(shards: 0))
        #expect(world.machine.status == .succeeded)
        #expect(world.machine.output?.inline == "\"a~merge\"")
    }

    @Test("the merge gets every shard's result, in shard order, however they finish")
    func mergeOrder() throws {
        var world = SimulatedWorld(plan([stage("a", split: true)]), slots: 8)
        world.step()
        world.answer(0, obedient(shards: 5)(world.open[0]))
        world.step()
        for index in [4, 1, 1, 0, 0] { world.answer(index, obedient()(world.open[index])) }
        world.step()
        guard case .merge(let work) = try #require(world.open.first).work else { throw Failure(.app, "no merge") }
        #expect(work.parts.map { $0.output?.inline } == (0..<5).map { "\"a~0\($0)\"" })
    }

    @Test("slots bound what runs at once, and priority goes first")
    func slotsAndPriority() {
        var world = SimulatedWorld(
            plan([stage("low"), stage("high", priority: 5), stage("mid", priority: 1)], outputs: [0, 1, 2]), slots: 2)
        world.step()
        #expect(world.open.map(\.task) == ["high", "mid"])
    }

    @Test("a failing model is tried as often as its policy says, with growing waits")
    func retries() {
        let retry = RetryPolicy(maximumAttempts: 3, initialInterval: TimeSpan(seconds: 1))
        var world = SimulatedWorld(plan([stage("a", policy: StagePolicy(retry: retry))]))
        var times: [Int64] = []
        world.run { _ in .failed(Failure(.app, "no")) }
        for case .attemptStarted(_, _, _, let at) in world.facts { times.append(at) }
        #expect(times.count == 3)
        #expect((800...1200).contains(times[1] - times[0]))
        #expect((1600...2400).contains(times[2] - times[1]))
        #expect(world.machine.status == .failed)
        #expect(world.machine.summary.message == "no")
    }

    @Test("machines that fail use a budget of their own", arguments: [Cause.infra, .lost, .preempted])
    func foreignBudget(cause: Cause) {
        var world = SimulatedWorld(plan([stage("a")]))
        world.run { _ in .failed(Failure(cause, "gone")) }
        #expect(world.started["a"] == Backoff.foreignBudget + 1)
        #expect(world.machine.status == .failed)

        var recovering = SimulatedWorld(plan([stage("a")]))
        recovering.run { $0.attempt <= Backoff.foreignBudget ? .failed(Failure(cause, "gone")) : obedient()($0) }
        #expect(recovering.machine.status == .succeeded)
    }

    @Test("a cause that the policy does not list is not tried again")
    func retryOn() {
        let retry = RetryPolicy(maximumAttempts: 5, retryOn: [.timeout])
        var world = SimulatedWorld(plan([stage("a", policy: StagePolicy(retry: retry))]))
        world.run { _ in .failed(Failure(.app, "no")) }
        #expect(world.started["a"] == 1)
    }

    @Test("fail: nothing new starts, and what runs is ended and does not count")
    func failStops() {
        var world = SimulatedWorld(plan([stage("a", split: true)]), slots: 2)
        world.step()
        world.answer(0, obedient(shards: 6)(world.open[0]))
        world.step()
        world.answer(0, .failed(Failure(.app, "no")))
        world.step()
        #expect(world.machine.endsRunningAttempts)
        #expect(world.open.count == 1)
        world.answer(0, .failed(Failure(.cancelled, "ended")))
        world.step()
        #expect(world.machine.status == .failed)
        #expect(world.machine.tasks.count { $0.status == .failed } == 1)
    }

    @Test("continue: what does not need the failed stage goes on")
    func continues() {
        let policy = StagePolicy(onFailure: .continue)
        let stages = [stage("a", policy: policy), stage("b", needs: [0]), stage("c"), stage("d", needs: [2])]
        var world = SimulatedWorld(plan(stages, outputs: [1, 3]))
        world.run { $0.task == "a" ? .failed(Failure(.app, "no")) : obedient()($0) }
        #expect(world.machine.status == .partial)
        #expect(world.machine.stages.map(\.status) == [.failed, .skipped, .succeeded, .succeeded])
    }

    @Test("partial: the merge takes what there is; resume runs just the holes and merges again")
    func partial() {
        let policy = StagePolicy(onFailure: .partial, minSuccessRatio: 0.5)
        var world = SimulatedWorld(plan([stage("a", split: true, policy: policy), stage("b", needs: [0])]))
        world.run { $0.task == "a~01" ? .failed(Failure(.app, "no")) : obedient(shards: 4)($0) }
        #expect(world.machine.status == .partial)
        #expect(world.machine.summary.mergeStatus == .partial)
        let before = world.started
        world.apply(.resumed(at: world.now))
        world.run(obedient(shards: 4))
        #expect(world.machine.status == .succeeded)
        let again = world.started.filter { $0.value != before[$0.key] }.keys.sorted()
        #expect(again == ["a~01", "a~merge", "b"])
        #expect(world.machine.summary.succeeded == 5)
    }

    @Test("partial with too few successes fails the job")
    func tooFew() {
        let policy = StagePolicy(onFailure: .partial, minSuccessRatio: 0.9)
        var world = SimulatedWorld(plan([stage("a", split: true, policy: policy)]))
        world.run { $0.task == "a~01" ? .failed(Failure(.app, "no")) : obedient(shards: 4)($0) }
        #expect(world.machine.status == .failed)
    }

    @Test("resume of a failed job keeps what succeeded")
    func resumeFailed() {
        var world = SimulatedWorld(plan([stage("a"), stage("b", needs: [0])]))
        world.run { $0.task == "b" ? .failed(Failure(.app, "no")) : obedient()($0) }
        #expect(world.machine.status == .failed)
        world.apply(.resumed(at: world.now))
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started == ["a": 1, "b": 2])
    }

    @Test("what was lost from the store runs again, and the rest does not")
    func lostOutput() {
        var world = SimulatedWorld(plan([stage("a", split: true), stage("b", needs: [0])]), slots: 1)
        world.run { $0.task == "b" ? .failed(Failure(.app, "no")) : obedient()($0) }
        world.apply(.outputsLost(tasks: [2]))
        world.apply(.resumed(at: world.now))
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started == ["a~split": 1, "a~00": 1, "a~01": 2, "a~02": 1, "a~merge": 2, "b": 2])
        #expect(world.machine.summary.succeeded == 4)
    }

    @Test("an engine that dies does not forgive: budgets outlive it")
    func budgetOutlivesCrash() {
        let retry = RetryPolicy(maximumAttempts: 2)
        var world = SimulatedWorld(plan([stage("a", policy: StagePolicy(retry: retry))]))
        world.step()
        world.answer(0, .failed(Failure(.app, "no")))
        world.crash()
        world.apply(.resumed(at: world.now))
        world.run { _ in .failed(Failure(.app, "no")) }
        #expect(world.started["a"] == 2)
    }

    @Test("late, repeated and unknown reports change nothing but are kept")
    func lateReports() throws {
        var world = SimulatedWorld(plan([stage("a"), stage("b", needs: [0])]))
        world.step()
        let order = try #require(world.open.first)
        world.answer(0, .succeeded(payload("1")))
        let facts = world.machine.decide(.report(report(order, .succeeded(payload("2")))), now: 5)
        #expect(facts == [.reportIgnored(task: "a", attempt: 1, token: order.token, at: 5)])
        #expect(world.machine.stages[0].result?.inline == "1")
    }

    @Test("cancel ends what runs and finishes the job as cancelled")
    func cancel() {
        var world = SimulatedWorld(plan([stage("a"), stage("b", needs: [0])]))
        world.step()
        for fact in world.machine.decide(.cancelRequested, now: 1) { world.apply(fact) }
        #expect(world.machine.endsRunningAttempts)
        world.answer(0, .failed(Failure(.cancelled, "ended")))
        world.step()
        #expect(world.machine.status == .cancelled)
    }

    @Test("draining lets what runs end, then pauses; resume goes on")
    func drain() {
        var world = SimulatedWorld(plan([stage("a", split: true)]), slots: 1)
        world.step()
        world.answer(0, obedient(shards: 3)(world.open[0]))
        world.step()
        world.machine.draining = true
        world.answer(0, obedient()(world.open[0]))
        world.step()
        #expect(world.machine.status == .pending)
        world.apply(.resumed(at: 1))
        world.run(obedient())
        #expect(world.machine.status == .succeeded)
        #expect(world.started.values.allSatisfy { $0 == 1 })
    }

    @Test("a stage whose condition is false is skipped, and what follows runs without it")
    func condition() {
        var stages = [stage("a"), stage("b", needs: [0])]
        stages[0].when = .truthy(path: ["x"])
        var world = SimulatedWorld(plan(stages))
        world.run { $0.task == "a" ? .skipped("x is false") : obedient()($0) }
        #expect(world.machine.status == .succeeded)
        #expect(world.machine.stages[0].status == .skipped)
    }

    @Test("a pipeline whose entry is skipped is skipped to its exit, and what follows runs")
    func skippedPipeline() {
        var stages = [stage("p.input"), stage("p.a", needs: [0]), stage("p", needs: [1]), stage("after", needs: [2])]
        stages[0].when = .truthy(path: ["x"])
        stages[1].entry = 0
        stages[2].entry = 0
        var world = SimulatedWorld(plan(stages))
        world.run { $0.task == "p.input" ? .skipped("no") : obedient()($0) }
        #expect(world.machine.status == .succeeded)
        #expect(world.started == ["p.input": 1, "after": 1])
    }

    @Test("several outputs are gathered into one result")
    func outputs() throws {
        var world = SimulatedWorld(plan([stage("a"), stage("b")], outputs: [0, 1]))
        var gathered: InputContext?
        world.run {
            if case .pass(let context) = $0.work { gathered = context }
            return obedient()($0)
        }
        #expect(try #require(gathered).sources.map(\.outputKey) == ["a", "b"])
        #expect(world.machine.output?.inline == "\"~output\"")
    }

    @Test("the job's time limit ends it")
    func jobTimeout() {
        var world = SimulatedWorld(plan([stage("a")], policy: JobPolicy(timeout: TimeSpan(seconds: 5))))
        world.step()
        #expect(world.machine.nextWake == 5000)
        world.now = 5000
        world.step()
        #expect(world.machine.endsRunningAttempts)
        world.answer(0, .failed(Failure(.cancelled, "ended")))
        world.step()
        #expect(world.machine.status == .failed)
        #expect(world.machine.summary.cause == .timeout)
    }

    @Test("the input's files are fetched before any stage starts")
    func fetchFirst() {
        var chained = plan([stage("a")])
        chained.inputFiles = ["/image_url"]
        var world = SimulatedWorld(chained)
        var order: [String] = []
        world.run {
            order.append($0.task)
            return obedient()($0)
        }
        #expect(order == ["~input", "a"])
    }

    @Test("a chain of 20,000 stages settles without a deep stack")
    func longChain() {
        let stages = (0..<20_000).map {
            stage("s\($0)", needs: $0 == 0 ? [] : [$0 - 1], policy: StagePolicy(onFailure: .continue))
        }
        var world = SimulatedWorld(plan(stages))
        world.run { _ in .failed(Failure(.app, "no")) }
        #expect(world.machine.status == .failed)
        #expect(world.machine.stages.count { $0.status == .skipped } == 19_999)
    }
}
