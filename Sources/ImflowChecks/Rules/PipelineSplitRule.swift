package import ImflowDiagnostics
package import ImflowIR

/// A pipeline is not split as a whole: its stages are.
package struct PipelineSplitRule: Rule {
    package static let codes: [DiagnosticCode] = [.pipelineSplit]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        if let manifest = scope.model?.manifest, manifest.isPipeline, let block = manifest.multiNode, block.isEnabled {
            findings.add(finding("`\(manifest.name)`", block, manifest.chainedModels?.keySpan))
        }
        for stage in scope.graph?.stages ?? [] {
            guard let block = stage.declaration.multiNode,
                let model = scope.workspace.model(stage.declaration.model?.value, scope.references), model.graph != nil, block.isEnabled
            else { continue }
            findings.add(finding("`\(stage.name)`", block, model.manifest.chainedModels?.keySpan))
        }
    }

    private func finding(_ what: String, _ block: MultiNode, _ stages: Span?) -> Diagnostic {
        Diagnostic(
            .pipelineSplit, "\(what) is a pipeline, which is not split as a whole", at: block.span.firstLine,
            secondary: stages.map { [Label($0, "its stages")] } ?? [],
            help: "give `multi_node` to the stages inside it")
    }
}
