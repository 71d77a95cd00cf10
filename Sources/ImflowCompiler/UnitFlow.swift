import ImflowChecks
import ImflowPlan

/// Finds the stages that keep the units of the stage before them, so that a shard of theirs starts when the same shard
/// there is done.
///
/// Stage B follows A where what B is split into, one by one, is the list that A makes of its units' results, item by item,
/// and nothing else decides whether or with what B runs.
struct UnitFlow {
    private let expansion: Expansion
    private let workspace: Workspace

    init(_ expansion: Expansion, _ workspace: Workspace) {
        self.expansion = expansion
        self.workspace = workspace
    }

    func apply(to plan: inout Plan) {
        for index in plan.stages.indices where mayFollow(plan.stages[index]) {
            guard let giver = giver(of: index, plan), keepsUnits(giver, plan), fits(giver, index, plan) else { continue }
            plan.stages[index].follows = giver
        }
    }

    /// Whether the stage is split into the items of the one list that it is bound to.
    private func mayFollow(_ stage: StagePlan) -> Bool {
        guard let split = stage.split, split.mode == .batch, split.batchSize == 1, let key = stage.binding.key else {
            return false
        }
        return split.key ?? key == key && stage.literal.objectValue?[key] == nil && stage.when == nil && stage.gang == nil
    }

    /// The stage that surely publishes what stage `index` is split into: the nearest of which that can be said, with
    /// nothing before it that may publish it, too.
    private func giver(of index: Int, _ plan: Plan) -> Int? {
        guard let key = plan.stages[index].binding.key else { return nil }
        for source in expansion.sources(of: index) {
            if plan.stages[source].outputKey == key { return source }
            let publication = expansion.stages[source].publication
            if !publication.isClosed || publication.names.contains(key) { return nil }
        }
        return nil
    }

    /// Whether the stage's result is the list of its units' results.
    private func keepsUnits(_ index: Int, _ plan: Plan) -> Bool {
        let stage = plan.stages[index]
        guard stage.split != nil, let merge = stage.merge, merge.reducer == nil, stage.when == nil, stage.gang == nil,
            stage.policy.onFailure != .partial
        else { return false }
        switch merge.strategy {
        case .none: return true
        // Lists are joined, and then there are more items than units.
        case .concatJSON: return expansion.stages[index].modelPath.flatMap { workspace.models[$0] }?.answersNoList == true
        default: return false
        }
    }

    private func fits(_ giver: Int, _ index: Int, _ plan: Plan) -> Bool {
        let (first, second) = (plan.stages[giver], plan.stages[index])
        return second.needs.contains(giver) && second.softNeeds?.contains(giver) != true && first.entry == second.entry
            && first.split?.shardLimit == second.split?.shardLimit
    }
}
