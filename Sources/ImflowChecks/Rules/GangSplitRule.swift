package import ImflowDiagnostics
package import ImflowIR

/// A gang works on one input together; it is not split as well.
package struct GangSplitRule: Rule {
    package static let codes: [DiagnosticCode] = [.gangSplit]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.expansion?.stages ?? [] {
            guard let block = stage.multiNode, block.splits, let runtime = block.distributedRuntime,
                let mode = block.splitMode
            else { continue }
            findings.add(
                Diagnostic(
                    .gangSplit, "`\(stage.shownName)` cannot be both split and run as a gang", at: mode.span,
                    secondary: [Label(runtime.span, "the gang")],
                    help: "remove `split_mode` or `distributed_runtime`"))
        }
    }
}
