import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

@Suite("Makespan")
struct MakespanTests {
    private func call(_ milliseconds: Double, units: Int = 1) -> WorkHistory {
        [WorkKind(.call, model: "m", version: nil): [WorkSample(units: units, milliseconds: milliseconds, bytes: 10)]]
    }

    private func result(
        _ plan: Plan, units: [Int], _ history: WorkHistory, slots: Int, seed: UInt64 = 1
    ) -> MakespanSimulation.Result {
        MakespanSimulation(plan, units: units, history: history, slots: slots).result(seed: seed)
    }

    @Test("known constant run times give the makespan to the microsecond: chains add up, slots share")
    func exact() {
        let chain = plan([stage("a"), stage("b", needs: [0]), stage("c", needs: [1])])
        let three = result(chain, units: [1, 1, 1], call(1.5), slots: 8)
        #expect([three.p50, three.p90] == [4.5, 4.5])
        #expect([three.runs, three.bundle] == [200, 1])

        let wide = plan((0..<7).map { stage("s\($0)") }, outputs: [0])
        #expect(result(wide, units: Array(repeating: 1, count: 7), call(10), slots: 3).p50 == 30)
        #expect(result(wide, units: Array(repeating: 1, count: 7), call(10), slots: 7).p90 == 10)
    }

    @Test("shards of a split share the slots, after the split and before the merge; a unit takes what it took")
    func split() {
        var fan = plan([stage("a", split: true)])
        fan.stages[0].split?.shardLimit = 5
        var history = call(100, units: 10)
        history[WorkKind(.split, model: "m", version: nil)] = [WorkSample(units: 1, milliseconds: 1, bytes: 0)]
        history[WorkKind(.merge, model: "m", version: nil)] = [WorkSample(units: 50, milliseconds: 100, bytes: 0)]
        // 25 units in 5 shards of 5, 50 ms each, two at once: 3 rounds.
        #expect(result(fan, units: [25], history, slots: 2).p50 == 25 + 150 + 50)
        #expect(result(fan, units: [0], history, slots: 2).p50 == 3)
        #expect(abs((CriticalPath(fan, units: [25], history: history).milliseconds ?? 0) - 125) < 1e-6)
    }

    @Test("the simulated makespan is that of the same machine under a real conductor's schedule, priorities included")
    func priorities() {
        // On one slot the long one first: its follower runs last all the same; on two, it decides the makespan.
        var jobs = plan([stage("short"), stage("long", priority: 1), stage("after", needs: [1])], outputs: [0, 2])
        jobs.models["n"] = ModelPlan(name: "n", version: "2", folder: "/n", command: ["true"])
        jobs.stages[1].kind = .call(model: "n")
        var history = call(10)
        history[WorkKind(.call, model: "n", version: "2")] = [WorkSample(units: 1, milliseconds: 40, bytes: 0)]
        #expect(result(jobs, units: [1, 1, 1], history, slots: 1).p50 == 60)
        #expect(result(jobs, units: [1, 1, 1], history, slots: 2).p50 == 50)
        let path = CriticalPath(jobs, units: [1, 1, 1], history: history)
        #expect(path.stages == [1, 2])
        #expect(path.milliseconds == 50)
    }

    @Test("run times that vary spread the makespan; the same seed gives the same answer, and limits of time are no part of it")
    func spread() {
        var chain = plan([stage("a"), stage("b", needs: [0])], policy: JobPolicy(timeout: TimeSpan(milliseconds: 1)))
        chain.stages[0].policy.timeout = TimeSpan(milliseconds: 1)
        let samples = (1...100).map { WorkSample(units: 1, milliseconds: Double($0), bytes: 0) }
        let history = [WorkKind(.call, model: "m", version: nil): samples]
        let first = result(chain, units: [1, 1], history, slots: 1)
        #expect((80...120).contains(first.p50))
        #expect(first.p90 > first.p50 + 20)
        #expect(result(chain, units: [1, 1], history, slots: 1) == first)
        #expect(result(chain, units: [1, 1], history, slots: 1, seed: 2) != first)
    }

    @Test("a million shards are estimated in bounded work, as bundles")
    func bounded() {
        var fan = plan([stage("a", split: true)])
        fan.stages[0].split?.shardLimit = 1_000_000
        let million = MakespanSimulation(fan, units: [1_000_000], history: call(1), slots: 4).result(seed: 1, events: 1)
        #expect(million.bundle == 100)
        #expect(million.p50 == 250_000)
        #expect(million.runs == 5)
    }

    @Test("without run times the critical path is the longest chain")
    func structure() {
        let graph = plan([stage("a"), stage("b", needs: [0]), stage("c"), stage("d", needs: [1, 2])])
        let path = CriticalPath(graph, units: [1, 1, 1, 1], history: [:])
        #expect(path.stages == [0, 1, 3])
        #expect(path.milliseconds == nil)
    }

    @Test("of very many attempts a few are kept, spread over all, each with its units")
    func sampler() {
        var sampler = WorkSampler()
        var world = SimulatedWorld(plan([stage("a", split: true)]), slots: 4)
        world.run(obedient(shards: 1000))
        var machine = JobMachine(job: "j", plan: world.firstPlan)
        for fact in world.facts {
            machine.apply(fact)
            sampler.note(fact, machine)
        }
        let calls = sampler.taken[WorkKind(.call, model: "m", version: nil)] ?? []
        #expect((WorkSampler.limit / 2...WorkSampler.limit).contains(calls.count))
        #expect(calls.allSatisfy { $0.units == 1 && $0.milliseconds == 1 })
        #expect(calls.last?.result.inline.map { $0 > "\"a~9" } == true)
        #expect(sampler.taken[WorkKind(.split, model: "m", version: nil)]?.map(\.units) == [1000])
        #expect(sampler.taken[WorkKind(.merge, model: "m", version: nil)]?.count == 1)
    }
}
