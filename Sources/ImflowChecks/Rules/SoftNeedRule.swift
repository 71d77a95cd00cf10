package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// A soft need differs from a hard one: it is not one at the same time, and what it names may fail without ending the job.
package struct SoftNeedRule: Rule {
    package static let codes: [DiagnosticCode] = [.needTwice, .softNeedUnused]

    /// So many stages before a soft need are looked at; one that has more may always fail alone.
    private static let maximumStages = 500

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.graph?.stages ?? [] where !findings.isFull {
            guard let soft = stage.declaration.softNeeds?.value, let hard = stage.declaration.needs?.value else { continue }
            var places: [String: Span] = [:]
            for need in hard { places[need.value] = places[need.value] ?? need.span }
            for need in soft {
                guard let place = places[need.value] else { continue }
                findings.add(
                    Diagnostic(
                        .needTwice, "`\(stage.name)` needs `\(need.value)` both hard and softly", at: need.span,
                        secondary: [Label(place, "the hard need")], help: "remove one of the two"))
            }
        }
        checkUse(scope, into: &findings)
    }

    /// Of a pipeline's stages the caller's policies decide.
    private func checkUse(_ scope: Scope, into findings: inout FindingList) {
        guard scope.job != nil, let expansion = scope.expansion, !expansion.isTooLarge else { return }
        for stage in expansion.stages where !stage.softNeeds.isEmpty && !findings.isFull {
            guard stage.prototype < expansion.stages.count, stage.earlier == nil else { continue }
            for need in stage.softNeeds where failureEndsTheJob(need, expansion) {
                let name = expansion.stages[need].declaration.name?.value ?? expansion.stages[need].shownName
                guard let place = stage.declaration.softNeeds?.value.first(where: { $0.value == name }),
                    scope.owns(place.span)
                else { continue }
                findings.add(
                    Diagnostic(
                        .softNeedUnused, "when `\(name)` fails the job fails: this need is not soft", at: place.span,
                        help: "write `on_failure: continue` at `\(name)`, or move it to `needs`"))
            }
        }
    }

    /// Whether the job ends with the failure of stage `index`, and of all that it waits for.
    private func failureEndsTheJob(_ index: Int, _ expansion: Expansion) -> Bool {
        var pending = [index]
        var seen = Set(pending)
        while let next = pending.popLast() {
            let stage = expansion.stages[next]
            if stage.isCall, stage.modelPath == nil { return false }
            guard stage.policies.onFailure?.value ?? .fail == .fail, seen.count <= Self.maximumStages else { return false }
            pending += stage.needs.filter { seen.insert($0).inserted }
        }
        return true
    }
}
