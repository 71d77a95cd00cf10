package import ImflowDiagnostics
package import ImflowIR

/// A reducer is a model that answers one call, not a pipeline.
package struct ReducerRule: Rule {
    package static let codes: [DiagnosticCode] = [.reducerIsPipeline]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for reducer in scope.multiNodes.compactMap(\.reducer) {
            guard let model = scope.workspace.model(reducer.value, scope.references), let graph = model.graph else {
                continue
            }
            findings.add(
                Diagnostic(
                    .reducerIsPipeline,
                    "`\(reducer.value.id)` is a pipeline of \(graph.stages.count) stages and cannot reduce",
                    at: reducer.span,
                    secondary: [Label(model.manifest.chainedModels?.keySpan ?? model.manifest.place, "its stages")],
                    help: "name a model that answers one request"))
        }
    }
}
