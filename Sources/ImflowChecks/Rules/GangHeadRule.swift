package import ImflowDiagnostics
package import ImflowIR

/// A gang of workers needs somebody to lead it.
package struct GangHeadRule: Rule {
    package static let codes: [DiagnosticCode] = [.gangHead]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for block in scope.multiNodes where block.gangs && block.shardRole?.value ?? .worker == .worker {
            guard let runtime = block.distributedRuntime else { continue }
            let size = block.clusterSize?.value ?? 1
            findings.add(
                Diagnostic(
                    .gangHead,
                    "all \(size) peers are workers: the first of them is also the \(runtime.value.rawValue) head",
                    at: block.shardRole?.span ?? runtime.span))
        }
    }
}
