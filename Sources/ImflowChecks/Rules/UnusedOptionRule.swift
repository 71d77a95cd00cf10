package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// Keys of a manifest have an effect beside the others.
package struct UnusedOptionRule: Rule {
    package static let codes: [DiagnosticCode] = [.optionUnused]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        if let manifest = scope.model?.manifest { checkProtocol(manifest, into: &findings) }
        checkParallel(scope, into: &findings)
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

    /// A pipeline calls nothing itself.
    private func checkParallel(_ scope: Scope, into findings: inout FindingList) {
        func add(_ limit: Located<Int>, _ what: String) {
            findings.add(
                Diagnostic(
                    .optionUnused, "`max_parallel` does nothing \(what), which calls no model itself", at: limit.keySpan,
                    help: "give it to the stages inside the pipeline, or to the models that they call"))
        }
        if let manifest = scope.model?.manifest, manifest.isPipeline, let limit = manifest.maxParallel {
            add(limit, "at a pipeline")
        }
        for stage in scope.graph?.stages ?? [] {
            guard let limit = stage.declaration.maxParallel,
                scope.workspace.model(stage.declaration.model?.value, scope.references)?.graph != nil
            else { continue }
            add(limit, "at `\(stage.name)`")
        }
    }

    /// What is started for each unit is never kept.
    private func checkWarmth(_ manifest: Manifest, into findings: inout FindingList) {
        guard !manifest.isPipeline, let own = manifest.callProtocol, own.value == .exec else { return }
        let keys = [
            ("min_instances", manifest.minInstances?.keySpan), ("max_instances", manifest.maxInstances?.keySpan),
            ("idle_timeout", manifest.idleTimeout?.keySpan), ("start_timeout", manifest.startTimeout?.keySpan),
        ]
        for (key, place) in keys {
            guard let place else { continue }
            findings.add(
                Diagnostic(
                    .optionUnused, "`\(key)` does nothing with `protocol: exec`", at: place,
                    secondary: [Label(own.span, "started anew for each unit")],
                    help: "it belongs to a model that stays warm, such as `protocol: jsonl` or `rest`"))
        }
    }

    /// A program that reads its requests has no address.
    private func checkProtocol(_ manifest: Manifest, into findings: inout FindingList) {
        checkWarmth(manifest, into: &findings)
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
