package import ImflowDiagnostics
package import ImflowIR

/// GPUs are asked for in one way.
package struct GangGPURule: Rule {
    package static let codes: [DiagnosticCode] = [.gpuTwice]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.blockStages {
            guard let block = stage.multiNode, block.gangs, let gang = block.gpu, scope.owns(gang.span),
                let path = stage.modelPath, let resources = scope.workspace.models[path]?.manifest.resources,
                let place = resources.gpuPlace
            else { continue }
            let wants = resources.gpu != nil
            var finding = Diagnostic(
                .gpuTwice,
                wants == gang.value
                    ? "GPUs are asked for twice: by `multi_node.gpu` and by `resources.gpu`"
                    : "`multi_node.gpu` and `resources.gpu` contradict each other",
                at: gang.span,
                secondary: [Label(place, wants ? "every attempt has a GPU" : "no attempt has a GPU")],
                help: "keep `resources.gpu`, which is for every peer, and remove `multi_node.gpu`")
            if wants == gang.value {
                // Nothing and nothing agree.
                if !wants { continue }
                finding.severity = .note
            }
            findings.add(finding)
        }
    }
}
