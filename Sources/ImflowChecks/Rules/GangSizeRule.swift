package import ImflowDiagnostics
package import ImflowIR

/// A gang has more than one peer.
package struct GangSizeRule: Rule {
    package static let codes: [DiagnosticCode] = [.gangOfOne]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.blockStages {
            guard let block = stage.multiNode, block.gangs, stage.modelPath != nil,
                let runtime = block.distributedRuntime,
                block.clusterSize?.value ?? 1 == 1, !block.broken.contains("cluster_size")
            else { continue }
            let place = block.clusterSize?.span ?? runtime.span
            guard scope.owns(place) else { continue }
            findings.add(
                Diagnostic(
                    .gangOfOne,
                    block.clusterSize == nil
                        ? "without `cluster_size` this is a gang of one" : "`cluster_size: 1` is a gang of one",
                    at: place, secondary: block.clusterSize == nil ? [] : [Label(runtime.span, "the gang")],
                    help: "say how many peers there are, or remove `distributed_runtime`"))
        }
    }
}
