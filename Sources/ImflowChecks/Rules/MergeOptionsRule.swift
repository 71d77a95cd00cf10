package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// Options of one merge strategy stand beside that strategy.
package struct MergeOptionsRule: Rule {
    package static let codes: [DiagnosticCode] = [.mergeOptionUnused]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for block in scope.multiNodes {
            if let reducer = block.reducer, let strategy = block.mergeStrategy {
                findings.add(
                    Diagnostic(
                        .mergeOptionUnused, "`merge_strategy` does nothing beside a `reducer`", at: strategy.keySpan,
                        secondary: [Label(reducer.span, "this model merges")], help: "remove one of them"))
            }
            let isOverride = scope.model?.manifest.multiNode?.span != block.span
            guard let merge = block.merge, !(isOverride && block.mergeStrategy == nil && block.reducer == nil) else {
                continue
            }
            // Where nothing is split, or the strategy is not known, other rules speak.
            guard isOverride || block.splits, !block.broken.contains("merge_strategy") else { continue }
            let strategy = block.reducer == nil ? block.mergeStrategy?.value ?? .concatJSON : nil
            for (key, place) in merge.keys {
                guard let wanted = KeyTable.mergeOptions[key], wanted != strategy else { continue }
                let now = strategy.map { "`merge_strategy: \($0.rawValue)`" } ?? "a `reducer`"
                findings.add(
                    Diagnostic(
                        .mergeOptionUnused, "`merge.\(key)` does nothing with \(now)", at: place,
                        help: "it belongs to `merge_strategy: \(wanted.rawValue)`"))
            }
        }
    }
}
