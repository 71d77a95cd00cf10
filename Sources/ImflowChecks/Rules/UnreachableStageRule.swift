package import ImflowDiagnostics
package import ImflowIR

/// Every stage can run, and its result can get somewhere: to a stage behind it, or to the job's result.
package struct UnreachableStageRule: Rule {
    package static let codes: [DiagnosticCode] = [.unreachableStage]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard scope.graph != nil, let expansion = scope.expansion, !expansion.isTooLarge else { return }
        let readers = StageReaders(expansion)
        for (index, stage) in expansion.stages.enumerated() where readers.hasFollowers[index] && !readers.isRead[index]
        {
            guard stage.isCall, stage.outputKey == nil, scope.owns(stage.place) else { continue }
            let names = stage.publication.names.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
            findings.add(
                Diagnostic(
                    .unreachableStage, "the result of `\(stage.shownName)` reaches nothing", at: stage.place,
                    notes: ["it publishes \(names), and no stage behind it asks for that"],
                    help: "give a stage behind it an `input_key` of these, or remove the stage"))
        }
        checkStarved(scope, expansion, into: &findings)
    }

    /// Stages whose input only stages give that never run.
    private func checkStarved(_ scope: Scope, _ expansion: Expansion, into findings: inout FindingList) {
        guard expansion.stages.contains(where: { $0.condition != nil }),
            let knowledge = ConditionKnowledge(scope)
        else { return }
        let isDead = expansion.stages.indices.map(knowledge.isNeverTrue)
        if !isDead.contains(true) { return }
        for (index, stage) in expansion.stages.enumerated() where stage.isCall && scope.owns(stage.place) {
            guard stage.earlier == nil, let key = stage.inputKey, stage.literal[key.value] == nil,
                let giver = starving(index, key.value, expansion, isDead)
            else { continue }
            let dead = expansion.stages[giver]
            findings.add(
                Diagnostic(
                    .unreachableStage,
                    "`\(stage.shownName)` can never run: only `\(dead.shownName)` gives its `\(key.value)`",
                    at: key.span,
                    secondary: dead.condition.map {
                        [Label($0.span, "this can never be true: `\(dead.shownName)` never runs")]
                    } ?? []))
        }
    }

    /// The stage that never runs and alone gives `key`; nil: another may give it.
    private func starving(_ index: Int, _ key: String, _ expansion: Expansion, _ isDead: [Bool]) -> Int? {
        let stage = expansion.stages[index]
        if stage.jobInput, !expansion.input.isClosed || expansion.input.names.contains(key) { return nil }
        var giver: Int?
        var search = expansion.sources(of: index)
        while let source = search.next() {
            let publication = expansion.stages[source].publication
            if !isDead[source] {
                if !publication.isClosed || publication.names.contains(key) { return nil }
            } else if publication.names.contains(key) {
                // The only value of the only stage before it is passed under any name.
                giver = giver ?? source
            }
        }
        return search.isCut ? nil : giver
    }
}
