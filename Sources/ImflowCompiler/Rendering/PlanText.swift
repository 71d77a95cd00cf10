import ImflowIR
import ImflowJSON
package import ImflowPlan

/// A plan for people: stage by stage, what is called, with what, and how it is cut and joined.
package struct PlanText {
    private let plan: Plan

    package init(_ plan: Plan) { self.plan = plan }

    /// Lines that end with a newline.
    package func render(jobID: String?) -> String {
        let count = plan.stages.count
        var out = "plan of \(jobID.map { "job \($0)" } ?? "a job"): \(count) stage\(count == 1 ? "" : "s")\n"
        out += line("input", members(plan.input))
        if !plan.inputFiles.isEmpty { out += line("fetched", plan.inputFiles.joined(separator: ", ")) }
        if let timeout = plan.policy.timeout { out += line("timeout", timeout.text) }
        if let priority = plan.policy.priority, priority != 0 { out += line("priority", String(priority)) }
        if let most = plan.policy.maxParallel { out += line("parallel", "at most \(most) at once") }
        for (index, stage) in plan.stages.enumerated() { out += "\n" + text(of: stage, index) }
        out += "\nresult  " + plan.outputs.map { plan.stages[$0].name }.joined(separator: ", ") + "\n"
        return out
    }

    private func line(_ title: String, _ text: String, indent: String = "") -> String {
        let pad = String(repeating: " ", count: Swift.max(1, 9 - title.count))
        return "\(indent)\(title)\(pad)\(text)\n"
    }

    private func members(_ input: JSONValue) -> String {
        let names = (input.objectValue ?? [:]).keys
        return names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }

    private func text(of stage: StagePlan, _ index: Int) -> String {
        var out = "\(index + 1). \(stage.name)\(stage.outputKey.map { " → \($0)" } ?? "")\n"
        let indent = "   "
        switch stage.kind {
        case .call(let key): out += line("model", plan.models[key].map(model) ?? key, indent: indent)
        case .pass:
            let what = stage.binding.firstSource == true ? "the result of the last round that ran on" : "its input on"
            out += line("passes", what, indent: indent)
        }
        out += line("needs", needs(stage), indent: indent)
        if let giver = stage.follows {
            out += line("follows", "\(plan.stages[giver].name) without a barrier", indent: indent)
        }
        out += line("input", binding(stage), indent: indent)
        if let condition = stage.when { out += line("when", condition.text, indent: indent) }
        if let split = stage.split { out += line("split", self.split(split, stage, index), indent: indent) }
        if let merge = stage.merge { out += line("merge", self.merge(merge), indent: indent) }
        if let gang = stage.gang {
            out += line("gang", "\(gang.size) × \(gang.runtime.rawValue) \(gang.role.rawValue)", indent: indent)
        }
        let policy = self.policy(stage)
        if !policy.isEmpty { out += line("policy", policy, indent: indent) }
        return out
    }

    private func model(_ model: ModelPlan) -> String {
        var parts = [model.version.map { "\(model.name) \($0)" } ?? model.name]
        parts.append(model.image.map { "image \($0)" } ?? "process")
        parts.append(
            model.callProtocol.rawValue + (model.callProtocol.isHTTP ? " on port \(model.port)\(model.path)" : ""))
        if model.network == .outbound { parts.append("network outbound") }
        if let most = model.maxParallel { parts.append("at most \(most) at once in all") }
        if !model.command.isEmpty { parts.append(model.command.joined(separator: " ")) }
        return parts.joined(separator: " · ")
    }

    private func needs(_ stage: StagePlan) -> String {
        let soft = Set(stage.softNeeds ?? [])
        let names = stage.needs.map { plan.stages[$0].name + (soft.contains($0) ? " (soft)" : "") }
        return names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }

    private func binding(_ stage: StagePlan) -> String {
        var out: String
        if stage.binding.firstSource == true { return "the rounds' results, the last first" }
        if let key = stage.binding.key {
            out = "\(key)\(stage.binding.soleValueFallback ? ", else the only value of its upstream" : "")"
        } else {
            out = "everything in reach"
        }
        let literal = stage.literal.objectValue ?? [:]
        if !literal.isEmpty { out += " · literally \(literal.keys.joined(separator: ", "))" }
        return out
    }

    private func split(_ split: SplitPlan, _ stage: StagePlan, _ index: Int) -> String {
        var parts = [split.key.map { "\($0) by \(split.text)" } ?? split.text]
        if let units = UnitCount.known(of: stage, in: plan) {
            let shards = Swift.min(units, split.shardLimit)
            parts.append("\(units) unit\(units == 1 ? "" : "s") in \(shards) shard\(shards == 1 ? "" : "s")")
        } else {
            parts.append("at most \(split.shardLimit) shard\(split.shardLimit == 1 ? "" : "s")")
        }
        return parts.joined(separator: " · ")
    }

    private func merge(_ merge: MergePlan) -> String {
        if let reducer = merge.reducer { return "model \(reducer)" }
        switch merge.strategy {
        case .detections:
            return "detections, \(merge.metric.rawValue) \(merge.iou)" + (merge.nms.map { ", nms \($0)" } ?? "")
                + (merge.classAgnostic == true ? ", class_agnostic" : "")
        case .topK: return "top-k, \(merge.k) by \(merge.score)"
        case .tileStitch: return Self.stitch(merge)
        case .jsonMerge: return "json-merge, conflict: \(merge.conflict.rawValue)"
        default: return merge.strategy.rawValue
        }
    }

    private static func stitch(_ merge: MergePlan) -> String {
        var text = "tile-stitch, \(merge.content == .labels ? "labels" : merge.blend.rawValue)"
        if merge.format == .png { text += ", png" }
        switch merge.fill {
        case .transparent: text += ", holes transparent"
        case .levels(let levels):
            text += ", holes \(levels.map { Int(exactly: $0).map { "\($0)" } ?? "\($0)" }.joined(separator: " "))"
        case nil: break
        }
        return text
    }

    private func policy(_ stage: StagePlan) -> String {
        let policy = stage.policy
        var parts: [String] = []
        if let timeout = policy.timeout { parts.append("timeout \(timeout.text)") }
        if let timeout = policy.queueTimeout { parts.append("queue_timeout \(timeout.text)") }
        if policy.retry.maximumAttempts > 1 { parts.append("\(policy.retry.maximumAttempts) attempts") }
        if let hedge = policy.hedge {
            parts.append("hedge above \(hedge.factor) × p\(hedge.quantile * 100), budget \(hedge.budget)")
        }
        if let most = policy.maxParallel { parts.append("at most \(most) at once") }
        if policy.onFailure != .fail { parts.append("on_failure \(policy.onFailure.rawValue)") }
        if policy.minSuccessRatio > 0 { parts.append("min_success_ratio \(policy.minSuccessRatio)") }
        if policy.cache { parts.append("cached") }
        if stage.priority != 0 { parts.append("priority \(stage.priority)") }
        return parts.joined(separator: " · ")
    }
}

/// How many units a split makes, where the plan alone tells.
package enum UnitCount {
    package static func known(of stage: StagePlan, in plan: Plan) -> Int? {
        guard let split = stage.split else { return nil }
        switch split.mode {
        case .candidates: return split.candidates
        case .batch:
            guard stage.needs.isEmpty, stage.binding.jobInput, var input = plan.input.objectValue else { return nil }
            if let key = stage.binding.key { input = input[key].map { [key: $0] } ?? [:] }
            input.merge(stage.literal.objectValue ?? [:]) { _, literal in literal }
            let lists = input.filter { $0.value.arrayValue != nil && (split.key ?? $0.key) == $0.key }
            guard lists.count == 1, let list = lists.values.first?.arrayValue else { return nil }
            let size = Swift.max(split.batchSize, 1)
            return (list.count + size - 1) / size
        case .tile, .sequence, .lines, .rows, .audio: return nil
        }
    }
}

extension SplitPlan {
    /// `tile 512 × 512 px, overlap 64`.
    var text: String {
        switch mode {
        case .tile:
            let overlap = tileOverlapX == tileOverlapY ? "\(tileOverlapX)" : "\(tileOverlapX) × \(tileOverlapY)"
            let size = "tile \(tileWidth) × \(tileHeight) px"
            return (tileOverlapX > 0 || tileOverlapY > 0 ? "\(size), overlap \(overlap)" : size)
                + (tilePad ? ", padded" : "") + (tileWhole == true ? ", and the whole image" : "")
                + (tileFile.map { ", file: \($0.rawValue)" } ?? "")
        case .batch: return "batch of \(batchSize)"
        case .sequence:
            let size = "window of \(sequenceLength) \(sequenceUnit.rawValue)"
            return sequenceOverlap > 0 ? "\(size), overlap \(sequenceOverlap)" : size
        case .lines: return "line"
        case .rows: return batchSize == 1 ? "row" : "\(batchSize) rows"
        case .audio:
            let size = "window of \((audioLength ?? Self.defaultAudioLength).text)"
            return audioOverlap.map { $0.milliseconds > 0 ? "\(size), overlap \($0.text)" : size } ?? size
        case .candidates: return "\(candidates) candidates, seed \(seed)"
        }
    }
}

extension Condition {
    /// The condition in the form in which it is written.
    package var text: String { text(inside: 0) }

    /// Binding powers: `||` 1, `&&` 2, `!` 3.
    private func text(inside power: Int) -> String {
        func wrapped(_ text: String, _ own: Int) -> String { own < power ? "(\(text))" : text }
        switch self {
        case .truthy(let path): return path.joined(separator: ".")
        case .compare(let path, let comparison, let value):
            return wrapped("\(path.joined(separator: ".")) \(comparison.rawValue) \(value.text)", 3)
        case .not(let inner): return "!" + inner.text(inside: 4)
        case .and(let left, let right): return wrapped("\(left.text(inside: 2)) && \(right.text(inside: 2))", 2)
        case .or(let left, let right): return wrapped("\(left.text(inside: 1)) || \(right.text(inside: 1))", 1)
        }
    }
}
