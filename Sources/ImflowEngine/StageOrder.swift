import ImflowPlan

/// What a plan says of which stage waits for which, and of what they share, made ready for quick answers.
struct StageOrder: Sendable {
    struct Dependent: Sendable {
        var stage: Int
        /// It only waits for the end, however that comes.
        var isSoft: Bool
    }

    /// The lane of everything that calls no model with a limit.
    static let freeLane = 0

    /// The stages that need a stage.
    private(set) var dependents: [[Dependent]]
    /// The stages that can start on a stage's shards.
    private(set) var followers: [[Int]]
    /// By stage: the one whose shards it can start on.
    private(set) var followed: [Int?]
    /// Calls of a model at once, by lane; nil: no limit.
    private(set) var laneLimits: [Int?] = [nil]
    private var soft: [Int: Set<Int>] = [:]
    private var lanes: [String: Int] = [:]

    init(_ plan: Plan) {
        let none: [Int] = []
        dependents = Array(repeating: [], count: plan.stages.count)
        followers = Array(repeating: none, count: plan.stages.count)
        followed = plan.stages.map { Self.followed(by: $0, in: plan) }
        for (index, stage) in plan.stages.enumerated() {
            if let needs = stage.softNeeds, !needs.isEmpty { soft[index] = Set(needs) }
            for need in stage.needs {
                dependents[need].append(Dependent(stage: index, isSoft: isSoft(need, of: index)))
            }
            if let leader = followed[index] { followers[leader].append(index) }
        }
        for key in plan.models.keys.sorted() {
            guard let limit = plan.models[key]?.maxParallel else { continue }
            lanes[key] = laneLimits.count
            laneLimits.append(max(1, limit))
        }
    }

    func isSoft(_ need: Int, of stage: Int) -> Bool { soft[stage]?.contains(need) ?? false }

    func lane(ofModel key: String?) -> Int { key.flatMap { lanes[$0] } ?? Self.freeLane }

    /// Nil, too, when the plan asks for what cannot be: the stage then waits for whole results, which is always right.
    private static func followed(by stage: StagePlan, in plan: Plan) -> Int? {
        guard let index = stage.follows, plan.stages.indices.contains(index), stage.needs.contains(index),
            stage.softNeeds?.contains(index) != true, stage.binding.sources.contains(index), stage.when == nil,
            let split = stage.split, split.mode == .batch, split.batchSize == 1
        else { return nil }
        let leader = plan.stages[index]
        guard let units = leader.split, units.shardLimit == split.shardLimit, leader.policy.onFailure != .partial,
            let merge = leader.merge, merge.reducer == nil, merge.strategy == .none || merge.strategy == .concatJSON
        else { return nil }
        return index
    }
}
