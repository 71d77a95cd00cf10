package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// A stage's `when` can be true. The job's own input is not looked at: it is there to be changed.
package struct NeverTrueRule: Rule {
    package static let codes: [DiagnosticCode] = [.neverTrue]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard scope.graph != nil, let knowledge = ConditionKnowledge(scope) else { return }
        for (index, stage) in knowledge.expansion.stages.enumerated() where !findings.isFull {
            guard stage.earlier == nil, let when = stage.condition, scope.owns(when.span), knowledge.isNeverTrue(index)
            else { continue }
            findings.add(
                Diagnostic(
                    .neverTrue, "the condition of `\(stage.shownName)` can never be true: the stage is always skipped",
                    at: when.span, secondary: knowledge.labels(when.value.names, at: index),
                    help: "mend the condition, or remove the stage"))
        }
    }
}
