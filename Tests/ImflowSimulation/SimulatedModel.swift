import ImflowExecution
import ImflowJSON
import ImflowPlan

/// What every order comes to when nothing disturbs it: a function of the work alone, never of the attempt.
struct SimulatedModel: Sendable {
    /// The conditions that stages may have: one that always holds, one that never does.
    static let holds = Condition.truthy(path: ["yes"])
    static let fails = Condition.truthy(path: ["no"])
    /// The job's input, its files fetched.
    static let fetchedInput = SimulatedValue.node("input", ["files"])
    /// Most units that a split makes.
    static let unitLimit = 8

    /// What always fails, by fault of the model: a stage's name, or `stage~unit` for one of its units.
    var broken: Set<String> = []

    init(broken: Set<String> = []) { self.broken = broken }

    func outcome(of order: WorkOrder) -> Outcome {
        switch order.work {
        case .fetch: return .succeeded(Self.fetchedInput)
        case .split(let work):
            if work.context.when == Self.fails { return .skipped("no is false") }
            return split(SimulatedValue.bound(work.context), limit: work.split.shardLimit)
        case .pass(let context):
            if context.when == Self.fails { return .skipped("no is false") }
            return .succeeded(SimulatedValue.node("pass \(order.stage)", [SimulatedValue.bound(context)]))
        case .merge(let work): return .succeeded(Self.merged(order.stage, work.parts))
        case .call(let work): return call(order.stage, work)
        }
    }

    private func call(_ stage: String, _ work: CallWork) -> Outcome {
        switch work.input {
        case .whole(let context):
            if context.when == Self.fails { return .skipped("no is false") }
            if broken.contains(stage) { return .failed(Failure(.app, "broken")) }
            return .succeeded(SimulatedValue.node("\(work.model.name) whole", [SimulatedValue.bound(context)]))
        case .shard(let shared, let units, _):
            if broken.contains("\(stage)~\(work.shardIndex)") { return .failed(Failure(.app, "broken")) }
            return .succeeded(SimulatedValue.node("\(work.model.name) units", [shared.short, units.short]))
        case .reduce(let parts): return .succeeded(Self.merged(work.model.name, parts))
        }
    }

    /// As many units as the input says, from none on.
    private func split(_ input: String, limit: Int) -> Outcome {
        let digits = SimulatedValue.hash(input).hex.utf8.suffix(2)
        let units = digits.reduce(0) { $0 * 31 + Int($1) } % (Self.unitLimit + 1)
        let shards = min(units, max(1, limit))
        let lists = (0..<shards).map { shard in
            let first = shard * units / shards
            let members = (first..<(shard + 1) * units / shards).map { "{\"unit\":{\"index\":\($0)}}" }
            return SimulatedValue.payload("[\(members.joined(separator: ","))]")
        }
        return .expanded(shared: SimulatedValue.node("shared", [input]), unitCount: units, shards: lists)
    }

    private static func merged(_ name: String, _ parts: [MergePart]) -> Payload {
        SimulatedValue.node(
            "merge \(name)",
            parts.map { "\($0.shardIndex):\($0.units.short):\($0.output?.short ?? "hole")" })
    }
}
