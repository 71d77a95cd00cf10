package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// Keys of a manifest have an effect beside the others.
package struct UnusedOptionRule: Rule {
    package static let codes: [DiagnosticCode] = [.optionUnused]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        if let manifest = scope.model?.manifest { checkProtocol(manifest, into: &findings) }
        for policies in scope.ownPolicies {
            guard let ratio = policies.minSuccessRatio, let failure = policies.onFailure, failure.value != .partial
            else { continue }
            findings.add(
                Diagnostic(
                    .optionUnused, "`min_success_ratio` does nothing with `on_failure: \(failure.value.rawValue)`",
                    at: ratio.keySpan, secondary: [Label(failure.span, "what happens to a failed shard")],
                    help: "it belongs to `on_failure: partial`"))
        }
    }

    /// A program that reads its requests has no address.
    private func checkProtocol(_ manifest: Manifest, into findings: inout FindingList) {
        guard let own = manifest.callProtocol, own.value == .exec || own.value == .jsonl else { return }
        let keys = [
            ("port", manifest.port?.keySpan), ("path", manifest.urlPath?.keySpan), ("health", manifest.health?.keySpan),
        ]
        for (key, place) in keys {
            guard let place else { continue }
            findings.add(
                Diagnostic(
                    .optionUnused, "`\(key)` does nothing with `protocol: \(own.value.rawValue)`", at: place,
                    secondary: [Label(own.span, "the protocol")],
                    help: "it belongs to a server, `protocol: rest`"))
        }
    }
}
