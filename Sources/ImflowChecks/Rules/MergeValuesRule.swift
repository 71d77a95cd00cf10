package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowPlan

/// A merge is given what it can merge: results of the kinds it takes, and of units that have a place in an image where it
/// lays them out in one.
package struct MergeValuesRule: Rule {
    package static let codes: [DiagnosticCode] = [.mergeMismatch]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.expansion?.stages ?? [] {
            guard let block = stage.multiNode, block.splits, block.reducer == nil, let strategy = block.mergeStrategy,
                let mode = block.splitMode
            else { continue }
            if strategy.value == .tileStitch, mode.value != .tile {
                findings.add(
                    Diagnostic(
                        .mergeMismatch, "`tile-stitch` lays tiles into one image, and this stage is split by `\(mode.value.rawValue)`",
                        at: strategy.span, secondary: [Label(mode.span, "the mode")],
                        help: "split by `tile`, or take another `merge_strategy`"))
            } else if strategy.value == .tileStitch, let whole = block.tileWhole, whole.value {
                findings.add(
                    Diagnostic(
                        .mergeMismatch, "`tile-stitch` lays tiles into one image, and has no place for one of the whole",
                        at: strategy.span, secondary: [Label(whole.span, "this adds the whole image as a unit")],
                        help: "remove `tile_whole`, or take another `merge_strategy`"))
            } else if strategy.value == .segments, mode.value != .audio {
                findings.add(
                    Diagnostic(
                        .mergeMismatch,
                        "`segments` moves segments into a recording's time, and this stage is split by `\(mode.value.rawValue)`",
                        at: strategy.span, secondary: [Label(mode.span, "the mode")],
                        help: "split by `audio`, or take another `merge_strategy`"))
            } else if let path = stage.modelPath, let schema = scope.workspace.models[path]?.manifest.outputSchema {
                check(strategy, schema, into: &findings)
            }
        }
    }

    private func check(
        _ strategy: Located<MergeStrategy>, _ schema: Located<JSONValue>, into findings: inout FindingList
    ) {
        guard let taken = Self.taken(by: strategy.value), let type = schema.value["type"] else { return }
        let given = (type.arrayValue ?? [type]).compactMap(\.stringValue)
        guard !given.isEmpty, given.allSatisfy({ !taken.contains($0) }) else { return }
        let names = { (names: [String]) in names.map { "`\($0)`" }.joined(separator: " or ") }
        findings.add(
            Diagnostic(
                .mergeMismatch, "`\(strategy.value.rawValue)` merges \(names(taken)), and every unit answers \(names(given))",
                at: strategy.span, secondary: [Label(schema.keySpan, "the model's results")]))
    }

    /// The types of results that a strategy can merge; nil: all.
    private static func taken(by strategy: MergeStrategy) -> [String]? {
        switch strategy {
        case .mean, .sum, .max, .min: ["number", "integer", "array", "object"]
        case .concatText: ["string", "object"]
        case .jsonMerge: ["object"]
        case .topK, .detections, .segments: ["array", "object"]
        case .tileStitch: ["string", "object"]
        case .concatJSON, .vote, .none: nil
        }
    }
}
