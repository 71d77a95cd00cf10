package import ImflowDiagnostics
package import ImflowIR

/// A model keeps no more warm instances than it may have.
package struct InstanceRule: Rule {
    package static let codes: [DiagnosticCode] = [.instancesContradiction]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let manifest = scope.model?.manifest, let least = manifest.minInstances, let most = manifest.maxInstances,
            most.value < least.value
        else { return }
        findings.add(
            Diagnostic(
                .instancesContradiction, "`max_instances` is less than `min_instances`", at: most.span,
                secondary: [Label(least.span, "so many are always kept")],
                help: "raise `max_instances`, or keep fewer"))
    }
}
