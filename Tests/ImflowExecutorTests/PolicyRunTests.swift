import Glibc
import ImflowContent
import ImflowData
import ImflowEngine
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Testing

/// Whole jobs with real processes, where what is promised is about time: which shard runs before, beside or instead of another.
@Suite("Policies with real processes")
struct PolicyRunTests {
    private struct Memory: JobStore {
        func commit(_ batch: FactBatch) async throws {}
        func takeRequests(job: String) async throws -> [JobRequest] { [] }
    }

    /// Data work and calls, as the command line has them.
    private struct Local: Executor {
        var data: DataExecutor
        var calls: CallExecutor

        func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
            if case .call = order.work { return await calls.run(order, progress: progress) }
            return await data.run(order, progress: progress)
        }
        func sweep(job: String, keeping tokens: Set<String>) async { await calls.sweep(job: job, keeping: tokens) }
        func shutdown() async { await calls.shutdown() }
    }

    private let fixture: ProcessFixture
    private let job = "policy-" + String(UInt64.random(in: .min ... .max), radix: 16)

    init() throws { fixture = try ProcessFixture() }

    private func run(_ plan: Plan, slots: Int) async throws -> JobMachine {
        let host = fixture.host
        let fetcher = Fetcher(content: fixture.content, client: HTTPClient())
        let staging = DataStaging(content: fixture.content, fetcher: fetcher)
        let executor = Local(
            data: DataExecutor(content: fixture.content, fetcher: fetcher, staging: staging, node: host.node),
            calls: CallExecutor(
                state: fixture.state, staging: staging, client: HTTPClient(), host: { _ in host }, instanceLimit: 1,
                hosts: [host]))
        var machine = JobMachine(job: job, plan: plan)
        machine.apply(.submitted(at: 0, input: try fixture.content.payload(plan.input)))
        let conductor = Conductor(machine: machine, store: Memory(), executor: executor, slots: slots) {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        }
        let final = try await conductor.run(opening: [])
        await executor.shutdown()
        return final
    }

    private func stage(
        _ name: String, _ model: String, key: String, needs: [Int] = [], policy: StagePolicy = StagePolicy()
    ) -> StagePlan {
        StagePlan(
            name: name, kind: .call(model: model), needs: needs, binding: Binding(sources: needs, key: key),
            outputKey: name, split: SplitPlan(mode: .batch, key: key), merge: MergePlan(strategy: .none),
            policy: policy)
    }

    private func output(_ machine: JobMachine) throws -> JSONValue {
        try fixture.content.value(of: try #require(machine.output, "\(machine.summary)"))
    }

    @Test("a shard that hangs gets a second attempt, whose result counts, and nothing of the first one stays")
    func hedge() async throws {
        let model = try await fixture.model(
            running: ModelProgram(
                .shell,
                """
                if [ "$IMFLOW_SHARD_INDEX$IMFLOW_ATTEMPT" = 41 ]; then exec tail -f /dev/null; fi
                echo "$IMFLOW_ATTEMPT"
                """))
        let policy = StagePolicy(hedge: HedgePolicy(factor: 3, quantile: 1, budget: 0.2))
        let plan = Plan(
            models: ["m": model], stages: [stage("a", "m", key: "items", policy: policy)],
            input: ["items": [1, 2, 3, 4, 5]], inputFiles: [], outputs: [0])
        let final = try await run(plan, slots: 2)
        #expect(final.status == .succeeded)
        #expect(try output(final).arrayValue?.last == 2)
        #expect(try await fixture.leftovers(of: job).isEmpty)
    }

    @Test("without barriers a shard runs before the stage it follows is done, and the result is the same to the byte")
    func flow() async throws {
        let pipe = fixture.root + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        let plain = try await fixture.model(running: ModelProgram(.shell, "cat"))
        // The second shard of `a` ends when the first one of `b` has run.
        let first = try await fixture.model(
            running: ModelProgram(.shell, "if [ $IMFLOW_SHARD_INDEX = 1 ]; then read line <\(pipe); fi; cat"))
        let second = try await fixture.model(
            running: ModelProgram(.shell, "if [ $IMFLOW_SHARD_INDEX = 0 ]; then echo go >\(pipe); fi; cat"))
        let items: JSONValue = ["x", ["deep": [1, nil]], [2, 3]]
        var stages = [stage("a", "first", key: "items"), stage("b", "second", key: "a", needs: [0])]
        let waited = try await run(
            Plan(
                models: ["first": plain, "second": plain], stages: stages, input: ["items": items], inputFiles: [],
                outputs: [1]), slots: 2)
        stages[1].follows = 0
        let flowed = try await run(
            Plan(
                models: ["first": first, "second": second], stages: stages, input: ["items": items], inputFiles: [],
                outputs: [1]), slots: 2)
        #expect(waited.status == .succeeded)
        #expect(flowed.status == .succeeded)
        #expect(waited.output?.hash == flowed.output?.hash)
        #expect(try output(flowed).arrayValue?.count == 3)
    }
}
