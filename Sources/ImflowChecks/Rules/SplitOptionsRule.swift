package import ImflowDiagnostics
package import ImflowIR

/// Options of one split mode stand beside that mode.
package struct SplitOptionsRule: Rule {
    package static let codes: [DiagnosticCode] = [.splitOptionUnused]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for block in scope.multiNodes {
            // An override may leave the mode to the model.
            guard block.splitMode != nil || block.isUnsplit || isModels(block, scope),
                !block.broken.contains("split_mode")
            else { continue }
            let mode = block.splitMode?.value
            for (key, place) in block.keys {
                guard let wanted = KeyTable.splitOptions[key], !wanted.contains(where: { $0 == mode }) else { continue }
                let modes = wanted.map { "`split_mode: \($0.rawValue)`" }.joined(separator: " or ")
                let now =
                    mode.map { "`split_mode: \($0.rawValue)`" }
                    ?? (block.isUnsplit ? "`split_mode: none`" : "no `split_mode`")
                findings.add(
                    Diagnostic(
                        .splitOptionUnused, "`\(key)` does nothing with \(now)", at: place,
                        secondary: block.splitMode.map { [Label($0.span, "the mode")] } ?? [],
                        help: "it belongs to \(modes)"))
            }
        }
    }

    private func isModels(_ block: MultiNode, _ scope: Scope) -> Bool {
        scope.model?.manifest.multiNode?.span == block.span
    }
}
