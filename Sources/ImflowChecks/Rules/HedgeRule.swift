package import ImflowDiagnostics
package import ImflowIR

/// Stragglers are told by their peers: a stage with `hedge` is split.
package struct HedgeRule: Rule {
    package static let codes: [DiagnosticCode] = [.hedgeWithoutSplit]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard scope.ownPolicies.contains(where: { $0.hedge?.isOn == true }), let expansion = scope.expansion,
            !expansion.isTooLarge
        else { return }
        // A job may split a pipeline's only stage.
        if scope.job == nil, expansion.stages.count == 1 { return }
        for (index, stage) in expansion.stages.enumerated() where stage.isCall && stage.prototype == index {
            guard let hedge = stage.declaration.policies.hedge, hedge.isOn, scope.owns(hedge.keySpan),
                stage.modelPath != nil, stage.multiNode?.splits != true
            else { continue }
            findings.add(finding("`\(stage.shownName)` is not split", hedge))
        }
        guard let hedge = scope.job?.job.policies.hedge, hedge.isOn,
            expansion.stages.allSatisfy({ !$0.isCall || ($0.modelPath != nil && $0.multiNode?.splits != true) })
        else { return }
        findings.add(finding("no stage of the job is split", hedge))
    }

    private func finding(_ why: String, _ hedge: HedgeDeclaration) -> Diagnostic {
        Diagnostic(
            .hedgeWithoutSplit, "`hedge` does nothing: \(why)", at: hedge.keySpan,
            help: "a straggler is told by the other shards of its stage: split it with `multi_node`, or remove `hedge`")
    }
}
