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
            if case .exit = stage.kind { continue }
            guard let when = stage.declaration.when, scope.owns(when.span), knowledge.isNeverTrue(index) else {
                continue
            }
            findings.add(
                Diagnostic(
                    .neverTrue, "the condition of `\(stage.shownName)` can never be true: the stage is always skipped",
                    at: when.span, secondary: knowledge.labels(when.value.names, at: index),
                    help: "mend the condition, or remove the stage"))
        }
    }
}

extension Condition {
    /// The names that its paths start with, each once.
    var names: [String] {
        switch self {
        case .truthy(let path), .compare(let path, _, _): return Array(path.prefix(1))
        case .not(let inner): return inner.names
        case .and(let left, let right), .or(let left, let right):
            let first = left.names
            return first + right.names.filter { !first.contains($0) }
        }
    }
}
