package import ImflowDiagnostics
package import ImflowIR

/// No two stages of a graph have one name. Names that imflow gives never clash.
package struct DuplicateStageRule: Rule {
    package static let codes: [DiagnosticCode] = [.duplicateStage]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        var first: [String: Span] = [:]
        for stage in scope.graph?.stages ?? [] {
            guard let name = stage.declaration.name else { continue }
            guard let earlier = first[name.value] else {
                first[name.value] = name.span
                continue
            }
            findings.add(
                Diagnostic(
                    .duplicateStage, "two stages are named `\(name.value)`", at: name.span,
                    secondary: [Label(earlier, "first defined here")]))
        }
    }
}
