package import ImflowDiagnostics
package import ImflowIR

/// A graph has stages, and not too many.
package struct GraphSizeRule: Rule {
    package static let codes: [DiagnosticCode] = [.emptyGraph, .graphTooLarge]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        if let graph = scope.graph, graph.stages.isEmpty {
            let list = scope.job?.job.stages?.keySpan ?? scope.model?.manifest.chainedModels?.keySpan
            if let list { findings.add(Diagnostic(.emptyGraph, "the graph has no stages", at: list)) }
        }
        guard scope.expansion?.isTooLarge == true, let graph = scope.graph, let first = graph.stages.first else {
            return
        }
        findings.add(
            Diagnostic(
                .graphTooLarge,
                "with its pipelines and rounds unfolded this graph has more than \(Expansion.maximumStages) stages, or more than"
                    + " \(Expansion.maximumDepth) pipelines inside one another",
                at: first.declaration.span.firstLine,
                help: "to do the same to many inputs, split one stage: `multi_node`"))
    }
}
