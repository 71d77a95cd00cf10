package import ImflowDiagnostics
package import ImflowIR

/// Options of a gang stand beside its runtime.
package struct GangOptionsRule: Rule {
    package static let codes: [DiagnosticCode] = [.gangOptionUnused]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        // An override may leave the runtime to the model.
        guard let block = scope.model?.manifest.multiNode, block.distributedRuntime == nil,
            !block.broken.contains("distributed_runtime")
        else { return }
        for key in KeyTable.gangOptions.sorted() {
            guard let place = block.keys[key] else { continue }
            findings.add(
                Diagnostic(
                    .gangOptionUnused, "`\(key)` does nothing without `distributed_runtime`", at: place,
                    help: key == "gpu" ? "a GPU for every attempt is `resources.gpu`" : "add `distributed_runtime: ray`"
                ))
        }
    }
}
