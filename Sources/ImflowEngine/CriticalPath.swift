package import ImflowPlan

/// The longest way through a plan's graph, were there room for everything at once: no scheduling makes the job faster.
package struct CriticalPath: Sendable, Equatable {
    /// Indexes of stages, first to last.
    package private(set) var stages: [Int] = []
    /// By the means of earlier run times; nil when some are not known, and then the path has the most stages.
    package private(set) var milliseconds: Double?

    /// - Parameter units: of each stage; nil: not known.
    package init(_ plan: Plan, units: [Int?], history: WorkHistory) {
        let costs = plan.stages.indices.map { Self.milliseconds(of: $0, plan, units: units[$0], history) }
        let isKnown = costs.allSatisfy { $0 != nil }
        var finish: [Double] = []
        var before: [Int?] = []
        for (index, stage) in plan.stages.enumerated() {
            let last = (stage.needs + (stage.softNeeds ?? [])).max { finish[$0] < finish[$1] }
            before.append(last)
            finish.append((last.map { finish[$0] } ?? 0) + (isKnown ? costs[index] ?? 0 : 1))
        }
        var step = finish.indices.max { finish[$0] < finish[$1] }
        milliseconds = isKnown ? step.map { finish[$0] } : nil
        while let stage = step {
            stages.append(stage)
            step = before[stage]
        }
        stages.reverse()
    }

    private static func milliseconds(
        of index: Int, _ plan: Plan, units: Int?, _ history: WorkHistory
    ) -> Double? {
        let stage = plan.stages[index]
        guard let kind = plan.workKind(.call, ofStage: index) else { return 0 }
        guard let call = mean(history[kind]) else { return nil }
        guard let split = stage.split else { return call }
        guard let units else { return nil }
        let shards = min(units, max(split.shardLimit, 1))
        let largest = shards == 0 ? 0 : (units + shards - 1) / shards
        func whole(_ step: WorkKind.Step) -> Double? {
            guard let kind = plan.workKind(step, ofStage: index) else { return 0 }
            return mean(history[kind]).map { $0 * Double(max(units, 1)) } ?? (step == .reduce ? nil : 0)
        }
        guard let cut = whole(.split), let joined = whole(.merge), let reduced = whole(.reduce) else { return nil }
        return cut + Double(largest) * call + joined + reduced
    }

    /// Of one unit.
    private static func mean(_ samples: [WorkSample]?) -> Double? {
        guard let samples, !samples.isEmpty else { return nil }
        return samples.reduce(0) { $0 + max(0, $1.milliseconds) / Double(max($1.units, 1)) } / Double(samples.count)
    }
}
