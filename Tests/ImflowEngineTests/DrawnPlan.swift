import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Random plans, and random changes of them.
enum DrawnPlan {
    static func plan(_ random: inout SeededGenerator) -> Plan {
        let count = Int.random(in: 1...6, using: &random)
        var stages: [StagePlan] = []
        for index in 0..<count { stages.append(drawnStage("s\(index)", after: index, &random)) }
        return finished(stages, input: ["n": 0], &random)
    }

    private static func drawnStage(_ name: String, after count: Int, _ random: inout SeededGenerator) -> StagePlan {
        let policy = StagePolicy(
            retry: RetryPolicy(maximumAttempts: Int.random(in: 1...3, using: &random)),
            onFailure: FailurePolicy.allCases.randomElement(using: &random) ?? .fail)
        let needs = (0..<count).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        var drawn = stage(name, needs: needs, split: Bool.random(using: &random), policy: policy)
        drawn.binding.jobInput = Bool.random(using: &random)
        drawn.literal = ["v": .int(Int64.random(in: 0...9, using: &random))]
        return drawn
    }

    private static func finished(_ stages: [StagePlan], input: JSONValue, _ random: inout SeededGenerator) -> Plan {
        let sinks = stages.indices.filter { index in !stages.contains { $0.needs.contains(index) } }
        var drawn = ImflowEngineTests.plan(stages, outputs: sinks)
        drawn.input = input
        if Int.random(in: 0..<3, using: &random) == 0 { drawn.inputFiles = ["/file_url"] }
        if !drawn.inputFiles.isEmpty, var members = input.objectValue {
            members["file_url"] = "http://x/1"
            drawn.input = .object(members)
        }
        return drawn
    }

    /// One to three things changed: a stage's literal, merge, split, policy or links, a stage more or less, the input.
    static func changed(_ plan: Plan, number: Int, _ random: inout SeededGenerator) -> Plan {
        var changed = plan
        for step in 0..<Int.random(in: 1...3, using: &random) {
            change(&changed, name: "n\(number)-\(step)", &random)
        }
        let sinks = changed.stages.indices.filter { index in !changed.stages.contains { $0.needs.contains(index) } }
        changed.outputs = sinks
        return changed
    }

    private static func change(_ plan: inout Plan, name: String, _ random: inout SeededGenerator) {
        let index = Int.random(in: 0..<plan.stages.count, using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: plan.stages[index].literal = ["v": .string(name)]
        case 1: if plan.stages[index].merge != nil { plan.stages[index].merge = MergePlan(strategy: .none, k: index + 2) }
        case 2:
            let isSplit = plan.stages[index].split != nil
            plan.stages[index].split = isSplit ? nil : SplitPlan(mode: .batch)
            plan.stages[index].merge = isSplit ? nil : MergePlan()
        case 3: plan.stages[index].policy.retry.maximumAttempts += 1
        case 4: plan.stages.append(drawnStage(name, after: plan.stages.count, &random))
        case 5: if plan.stages.count > 1 { remove(index, of: &plan) }
        case 6: plan.stages.drawNeed(of: index, &random)
        case 7:
            if var members = plan.input.objectValue {
                members["n"] = .string(name)
                plan.input = .object(members)
            }
        default:
            if var members = plan.input.objectValue, members["file_url"] != nil {
                members["file_url"] = .string("http://x/\(name)")
                plan.input = .object(members)
            }
        }
    }

    private static func remove(_ index: Int, of plan: inout Plan) {
        plan.stages.remove(at: index)
        func moved(_ links: [Int]) -> [Int] { links.filter { $0 != index }.map { $0 > index ? $0 - 1 : $0 } }
        for other in plan.stages.indices {
            plan.stages[other].needs = moved(plan.stages[other].needs)
            plan.stages[other].binding.sources = plan.stages[other].binding.sources.map(moved)
        }
    }

    /// What a model would make: a function of all that the order's work says, and of nothing else.
    static func answer(_ order: WorkOrder) -> Outcome {
        switch order.work {
        case .fetch(let work): return .succeeded(digest("fetched \(work.input.canonicalText)"))
        case .split(let work):
            let shared = digest(text(work.context))
            return .expanded(shared: shared, unitCount: 3, shards: (0..<3).map { payload("[\($0)]") })
        case .pass(let context): return .succeeded(digest(text(context)))
        case .merge(let work):
            return .succeeded(digest("\(work.merge.k) " + work.parts.map { $0.output?.hash.hex ?? "-" }.joined()))
        case .call(let work):
            switch work.input {
            case .whole(let context): return .succeeded(digest(text(context)))
            case .shard(let shared, let units, let followed):
                return .succeeded(digest(shared.hash.hex + units.hash.hex + (followed?.hash.hex ?? "")))
            case .reduce(let parts): return .succeeded(digest(parts.map { $0.output?.hash.hex ?? "-" }.joined()))
            }
        }
    }

    /// The results of other tasks that the order's work reads.
    static func reads(_ order: WorkOrder) -> [ContentHash] {
        switch order.work {
        case .fetch: []
        case .split(let work): work.context.sources.map(\.result.hash)
        case .pass(let context): context.sources.map(\.result.hash)
        case .merge(let work): work.parts.compactMap { $0.output?.hash }
        case .call(let work):
            switch work.input {
            case .whole(let context): context.sources.map(\.result.hash)
            case .shard(let shared, _, let followed): [shared.hash] + (followed.map { [$0.hash] } ?? [])
            case .reduce(let parts): parts.compactMap { $0.output?.hash }
            }
        }
    }

    private static func digest(_ text: String) -> Payload { payload("\"\(payload(text).hash.hex)\"") }

    private static func text(_ context: InputContext) -> String {
        let sources = context.sources.map { "\($0.stage)=\($0.result.hash.hex)" }.joined(separator: ",")
        return "\(context.literal.canonicalText) \(sources) \(context.jobInput?.hash.hex ?? "-")"
    }
}

extension [StagePlan] {
    /// Gives the stage one need more, or less.
    fileprivate mutating func drawNeed(of index: Int, _ random: inout SeededGenerator) {
        if !self[index].needs.isEmpty, Bool.random(using: &random) {
            let gone = self[index].needs.removeLast()
            self[index].binding.sources?.removeAll { $0 == gone }
        } else if index > 0, let need = (0..<index).filter({ !self[index].needs.contains($0) }).randomElement(using: &random) {
            self[index].needs.append(need)
            self[index].binding.sources?.append(need)
        }
    }
}

extension JSONValue {
    fileprivate var canonicalText: String { String(decoding: canonicalBytes(), as: UTF8.self) }
}
