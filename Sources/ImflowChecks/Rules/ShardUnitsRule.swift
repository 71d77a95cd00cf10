package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowPlan

/// A shard has at least one unit: where the number of units is known, `shard_count` does not exceed it.
package struct ShardUnitsRule: Rule {
    package static let codes: [DiagnosticCode] = [.shardsOverUnits]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let job = scope.job, let count = job.job.shardCount, let expansion = scope.expansion,
            let target = expansion.target
        else { return }
        let stage = expansion.stages[target]
        guard let block = stage.multiNode, block.splits, count.value <= block.shardLimit,
            let (units, why, place) = units(of: stage, block, job), count.value > units
        else { return }
        findings.add(
            Diagnostic(
                .shardsOverUnits,
                "`shard_count` is \(count.value), and `\(stage.shownName)` has \(units) unit\(units == 1 ? "" : "s")",
                at: count.span, secondary: place.map { [Label($0, why)] } ?? [], notes: place == nil ? [why] : [],
                help: units > 0 ? "lower `shard_count` to \(units), or cut the input finer" : nil))
    }

    private func units(
        of stage: ExpandedStage, _ block: MultiNode, _ job: CheckedJob
    ) -> (count: Int, why: String, place: Span?)? {
        if block.splitMode?.value == .candidates {
            return (block.candidates?.value ?? 1, "the candidates", block.candidates?.span)
        }
        guard stage.needs.isEmpty, let input = job.input else { return nil }
        if block.splitMode?.value == .tile {
            guard let image = StatedImage(job), let tiles = image.tiles(block) else { return nil }
            return (tiles, "\(image.width) × \(image.height) px make \(tiles) tiles", image.place)
        }
        guard let bound = stage.bound(from: input) else { return nil }
        if block.splitMode?.value == .batch {
            let key = block.splitKey?.value ?? Self.only(bound.filter { $0.value.arrayValue != nil }.map(\.key))
            guard let key, let items = bound[key]?.arrayValue else { return nil }
            let size = block.batchSize?.value ?? 1
            let units = items.count / size + (items.count % size == 0 ? 0 : 1)
            return (
                units, "\(items.count) items", stage.literal[key] == nil ? job.job.inputPlaces[key]?.firstLine : nil
            )
        }
        return nil
    }

    private static func only(_ names: [String]) -> String? { names.count == 1 ? names[0] : nil }
}

extension ExpandedStage {
    /// The stage's bound input, of a stage that nothing stands before; nil: it has no value for its `input_key`.
    func bound(from input: JSONObject) -> JSONObject? {
        var bound = input
        if let key = inputKey?.value {
            guard let value = input[key] ?? literal[key] else { return nil }
            bound = [key: value]
        }
        return bound.merging(literal) { _, literal in literal }
    }
}
