package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// A retry that is described can happen.
package struct RetryRule: Rule {
    package static let codes: [DiagnosticCode] = [.retryNever]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for retry in scope.ownPolicies.compactMap(\.retry) where !retry.isBroken {
            if let finding = finding(retry, scope) { findings.add(finding) }
        }
    }

    private func finding(_ retry: RetryDeclaration, _ scope: Scope) -> Diagnostic? {
        if let causes = retry.retryOn, isEmptyList(causes), retry.maximumAttempts?.value ?? 1 > 1 {
            return Diagnostic(
                .retryNever, "`retry_on` names no cause: nothing is tried again", at: causes.span.firstLine,
                help: "name causes, or remove `retry`")
        }
        guard let (key, place) = detail(of: retry) else { return nil }
        if let attempts = retry.maximumAttempts {
            guard attempts.value == 1 else { return nil }
            return Diagnostic(
                .retryNever, "`\(key)` does nothing: there is one attempt", at: place,
                secondary: [Label(attempts.span, "the first attempt counts")],
                help: "two attempts are `maximum_attempts: 2`")
        }
        // Another file may say how many attempts there are.
        guard let stages = scope.expansion?.stages,
            stages.allSatisfy({ stage in
                (!stage.isCall || stage.modelPath != nil) && stage.policies.retry?.maximumAttempts?.value ?? 1 == 1
            })
        else { return nil }
        return Diagnostic(
            .retryNever, "`\(key)` does nothing: without `maximum_attempts` there is one attempt", at: place,
            help: "add `maximum_attempts: 2`, or remove `retry`")
    }

    /// Whether the author wrote no cause, rather than one that was reported.
    private func isEmptyList(_ causes: Located<[Cause]>) -> Bool {
        causes.value.isEmpty
            && causes.span.source.bytes[causes.span.range].allSatisfy { !(0x61...0x7A).contains($0 | 0x20) }
    }

    /// What is said beside the number of attempts.
    private func detail(of retry: RetryDeclaration) -> (key: String, place: Span)? {
        let details = [
            ("initial_interval", retry.initialInterval?.keySpan),
            ("backoff_coefficient", retry.backoffCoefficient?.keySpan),
            ("maximum_interval", retry.maximumInterval?.keySpan), ("retry_on", retry.retryOn?.keySpan),
        ]
        return details.compactMap { detail in detail.1.map { (detail.0, $0) } }
            .min { $0.1.range.lowerBound < $1.1.range.lowerBound }
    }
}

extension Scope {
    /// The stages that run, where one of them may be split or be a gang; for a plain model none, at once.
    package var blockStages: [ExpandedStage] {
        if let model, model.graph == nil, model.manifest.multiNode == nil { return [] }
        return expansion?.stages ?? []
    }

    /// The policies that this file declares: its own, then its stages'.
    package var ownPolicies: [Policies] {
        let own = job?.job.policies ?? model?.manifest.policies ?? Policies()
        return [own] + (graph?.stages.map(\.declaration.policies) ?? [])
    }
}
