package import ImflowDiagnostics
package import ImflowIR

/// Only what is split is merged.
package struct MergeWithoutSplitRule: Rule {
    package static let codes: [DiagnosticCode] = [.mergeWithoutSplit]

    private static let keys = ["merge_strategy", "merge", "reducer", "max_shards", "split_key"]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.blockStages where stage.modelPath != nil {
            guard let block = stage.multiNode, block.isEnabled, !block.splits, !block.broken.contains("split_mode")
            else { continue }
            // What one stage leaves unsplit, an override at another may split; this one stays as it is.
            guard
                let (key, place) = Self.keys.lazy.compactMap({ key in block.keys[key].map { (key, $0) } })
                    .first(where: { scope.owns($0.1) })
            else { continue }
            let why = block.isUnsplit ? "`split_mode: none`" : "no `split_mode`"
            findings.add(
                Diagnostic(
                    .mergeWithoutSplit, "`\(key)` does nothing with \(why): `\(stage.shownName)` is not split",
                    at: place, help: "add a `split_mode`, or remove `\(key)`"))
        }
    }
}
