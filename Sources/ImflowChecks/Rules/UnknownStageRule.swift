package import ImflowDiagnostics
package import ImflowIR

/// `needs` names stages of the same graph.
package struct UnknownStageRule: Rule {
    package static let codes: [DiagnosticCode] = [.unknownStage]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let graph = scope.graph else { return }
        let names = graph.stages.map(\.name)
        for stage in graph.stages where !findings.isFull {
            for need in stage.unknownNeeds {
                let near = nearest(need.value, in: names)
                let known = names.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
                findings.add(
                    Diagnostic(
                        .unknownStage, "`\(stage.name)` needs `\(need.value)`, and no stage has that name",
                        at: need.span,
                        notes: near == nil ? ["the stages are \(known)"] : [],
                        help: near.map { "did you mean `\($0)`?" },
                        fixes: near.map { [.replacing(need.span, by: $0)] } ?? []))
            }
        }
    }
}
