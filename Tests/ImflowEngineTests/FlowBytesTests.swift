import ImflowContent
import ImflowData
import ImflowEngine
import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan
import Testing

/// The real splits, merges and staging under a machine that fails and crashes: what flows must come to what waits.
@Suite("Flow without barriers, to the byte")
struct FlowBytesTests {
    private let folder: TemporaryFolder
    private let content: ContentStore
    private let staging: DataStaging
    private let data: DataExecutor

    init() throws {
        folder = try TemporaryFolder()
        content = try ContentStore(folder: folder.path + "/cas")
        let fetcher = Fetcher(content: content, client: HTTPClient())
        staging = DataStaging(content: content, fetcher: fetcher)
        data = DataExecutor(content: content, fetcher: fetcher, staging: staging, node: "0x00")
    }

    /// What a run came to: its output, and what each shard was called with.
    private struct End: Equatable {
        var status: JobStatus
        var output: JSONValue?
        var inputs: [String: ContentHash?]
    }

    @Test("the same output and the same inputs of every shard, with and without barriers", arguments: 0..<10)
    func bytes(block: Int) async throws {
        for seed in (block * 6)..<(block * 6 + 6) {
            var random = SeededGenerator(seed: UInt64(seed))
            let plan = randomPlan(&random)
            let flowing = try await run(plan, faults: random)
            var waiting = plan
            for stage in waiting.stages.indices { waiting.stages[stage].follows = nil }
            let waited = try await run(waiting, faults: nil)
            #expect(flowing == waited, "seed \(seed)")
            #expect(waited.status == .succeeded, "seed \(seed)")
        }
    }

    /// x → a ⇒ b ⇒ c, where ⇒ keeps units; b reads x, too.
    private func randomPlan(_ random: inout SeededGenerator) -> Plan {
        let limit = Int.random(in: 1...9, using: &random)
        let retry = RetryPolicy(maximumAttempts: 50, initialInterval: TimeSpan(milliseconds: 1))
        func split(_ key: String?) -> SplitPlan { SplitPlan(mode: .batch, key: key, shardLimit: limit) }
        func stage(_ name: String, _ sources: [Int], _ key: String?, _ output: String?) -> StagePlan {
            StagePlan(
                name: name, kind: .call(model: "m"), needs: sources, binding: Binding(sources: sources, key: key),
                outputKey: output, split: split(key), merge: MergePlan(strategy: .none),
                policy: StagePolicy(retry: retry))
        }
        var x = stage("x", [], nil, "seen")
        x.split = nil
        x.merge = nil
        var a = stage("a", [0], "items", "parts")
        let named = Bool.random(using: &random)
        if !named { a.outputKey = nil }
        var b = stage("b", Bool.random(using: &random) || !named ? [1, 0] : [0, 1], "parts", "more")
        b.follows = 1
        b.binding.soleValueFallback = !named
        if named, Bool.random(using: &random) { b.binding.key = nil }
        b.literal = ["mode": "fast"]
        var c = stage("c", [2], "more", nil)
        c.follows = 2
        if Bool.random(using: &random) { c.merge = MergePlan(strategy: .concatJSON) }
        let count = Int.random(in: 0...30, using: &random)
        let items = (0..<count).map { index -> JSONValue in
            switch Int.random(in: 0..<4, using: &random) {
            case 0: .string("item \(index)")
            case 1: ["n": .int(Int64(index)), "list": [1, 2]]
            case 2: .array([.int(Int64(index)), .null])
            default: .number(Double(index) + 0.5)
            }
        }
        var plan = plan([x, a, b, c])
        plan.input = ["items": .array(items), "language": "de"]
        return plan
    }

    /// Drives the plan; with faults, attempts fail, reports come twice and in any order, and the engine crashes.
    private func run(_ plan: Plan, faults: SeededGenerator?) async throws -> End {
        var random = faults ?? SeededGenerator(seed: 1)
        var world = SimulatedWorld(plan, slots: Int.random(in: 1...6, using: &random), input: try content.payload(plan.input))
        var inputs: [String: ContentHash?] = [:]
        for _ in 0..<5000 {
            world.step()
            if world.machine.status != .running { break }
            guard !world.open.isEmpty else {
                world.now = max(world.now, world.machine.nextWake ?? world.now)
                continue
            }
            let index = Int.random(in: 0..<world.open.count, using: &random)
            let order = world.open[index]
            if faults != nil, Int.random(in: 0..<5, using: &random) == 0 {
                let cause: Cause = Bool.random(using: &random) ? .app : .timeout
                world.answer(index, .failed(Failure(cause, "fault")))
            } else {
                let (outcome, hash) = try await carryOut(order)
                if case .call = order.work { inputs[order.task] = hash }
                world.answer(index, outcome)
            }
            if faults != nil, Int.random(in: 0..<12, using: &random) == 0 {
                world.crash()
                world.apply(.resumed(at: world.now))
                world.open = world.machine.recoveredOrders
            }
        }
        let output = try world.machine.output.map { try content.value(of: $0) }
        return End(status: world.machine.status, output: output, inputs: inputs)
    }

    private func carryOut(_ order: WorkOrder) async throws -> (Outcome, ContentHash?) {
        guard case .call(let work) = order.work else {
            let report = await data.run(order) { _ in }
            return (report.outcome, report.inputHash)
        }
        let call = try #require(try await staging.resolve(work))
        // An object, so that `concat-json` has nothing to flatten.
        let results = call.units.map { JSONValue.object(["of": .object($0.input), "unit": $0.unit.json]) }
        var isShard = false
        if case .shard = work.input { isShard = true }
        let value = isShard ? JSONValue.array(results) : results[0]
        return (.succeeded(try await staging.store(value)), call.inputHash)
    }
}
