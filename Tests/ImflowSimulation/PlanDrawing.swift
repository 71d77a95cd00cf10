import ImflowJSON
import ImflowPlan

/// Draws small plans that use every word a plan has.
struct PlanDrawing {
    private var dice: Dice

    init(seed: UInt64) { dice = Dice(seed) }

    /// A plan, and what of it is broken for good (see ``SimulatedModel/broken``).
    mutating func draw() -> (plan: Plan, broken: Set<String>) {
        let count = dice.int(1...dice.int(1...6))
        var stages: [StagePlan] = []
        for _ in 0..<count { stages.append(stage(after: stages)) }
        let sinks = stages.indices.filter { index in !stages.contains { $0.needs.contains(index) } }
        let outputs = dice.oneIn(3) ? stages.indices.filter { _ in dice.oneIn(2) } : sinks
        var plan = Plan(
            models: ["m": Self.model("m"), "n": Self.model("n"), "reducer": Self.model("reducer")], stages: stages,
            input: .object([:]), inputFiles: dice.oneIn(6) ? ["/image_url"] : [],
            outputs: outputs.isEmpty ? [count - 1] : outputs)
        if dice.oneIn(8) { plan.policy.timeout = TimeSpan(seconds: 3600) }
        if dice.oneIn(6) { plan.policy.maxParallel = dice.int(1...2) }
        if dice.oneIn(4) { plan.models["m"]?.maxParallel = dice.int(1...2) }
        let broken = dice.oneIn(6) ? broken(of: stages) : []
        // What is broken in one stage would be found done by another.
        if !broken.isEmpty { for stage in plan.stages.indices { plan.stages[stage].policy.cache = false } }
        return (plan, broken)
    }

    static func model(_ name: String) -> ModelPlan { ModelPlan(name: name, folder: "/\(name)", command: ["true"]) }

    private mutating func stage(after earlier: [StagePlan]) -> StagePlan {
        let index = earlier.count
        let needs = earlier.indices.filter { _ in dice.oneIn(2) }.suffix(3)
        let isCall = !dice.oneIn(8)
        var stage = StagePlan(
            name: "s\(index)", kind: isCall ? .call(model: dice.oneIn(3) ? "n" : "m") : .pass, needs: Array(needs),
            binding: Binding(sources: needs.reversed(), jobInput: !dice.oneIn(4)), outputKey: dice.oneIn(2) ? "k" : nil,
            priority: dice.int(0...2), policy: policy())
        if dice.oneIn(3) { stage.binding.sources = ancestors(of: stage.needs, earlier) }
        if dice.oneIn(6) { stage.when = dice.oneIn(2) ? SimulatedModel.holds : SimulatedModel.fails }
        if dice.oneIn(8) { stage.entry = stage.needs.last }
        let soft = stage.needs.filter { $0 != stage.entry && dice.oneIn(4) }
        if !soft.isEmpty { stage.softNeeds = soft }
        if isCall, dice.oneIn(2) {
            stage.split = SplitPlan(mode: .batch, shardLimit: dice.int(1...8))
            stage.merge = MergePlan(reducer: dice.oneIn(4) ? "reducer" : nil)
        }
        return stage
    }

    private mutating func policy() -> StagePolicy {
        let retry = RetryPolicy(
            maximumAttempts: dice.int(1...3), initialInterval: TimeSpan(milliseconds: 200),
            maximumInterval: TimeSpan(seconds: 2), retryOn: dice.oneIn(5) ? [.app] : [.app, .timeout, .oom])
        let onFailure: FailurePolicy = dice.oneIn(2) ? .fail : dice.oneIn(2) ? .continue : .partial
        var policy = StagePolicy(retry: retry, onFailure: onFailure, minSuccessRatio: dice.pick([0, 0.5, 0.9]) ?? 0)
        if dice.oneIn(4) { policy.maxParallel = dice.int(1...2) }
        if dice.oneIn(3) { policy.hedge = HedgePolicy(factor: 1, quantile: 0.5, budget: 0.4) }
        policy.cache = dice.oneIn(3)
        if dice.oneIn(10) { policy.queueTimeout = TimeSpan(milliseconds: 500) }
        return policy
    }

    /// Nearest first.
    private func ancestors(of needs: [Int], _ earlier: [StagePlan]) -> [Int] {
        var found = Set(needs)
        for stage in earlier.indices.reversed() where found.contains(stage) { found.formUnion(earlier[stage].needs) }
        return found.sorted(by: >)
    }

    private mutating func broken(of stages: [StagePlan]) -> Set<String> {
        guard let stage = dice.pick(stages.filter { $0.kind != .pass }) else { return [] }
        return [stage.split == nil ? stage.name : "\(stage.name)~\(dice.int(0...2))"]
    }
}
