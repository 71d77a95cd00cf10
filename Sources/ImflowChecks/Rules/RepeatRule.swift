package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// Rounds differ from one another, and the condition that ends them can both hold and not hold.
package struct RepeatRule: Rule {
    package static let codes: [DiagnosticCode] = [.repeatUnchanged, .untilConstant]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let graph = scope.graph, graph.stages.contains(where: { $0.declaration.loop != nil }) else { return }
        for stage in graph.stages where !findings.isFull {
            guard let loop = stage.declaration.loop, let until = loop.until, loop.times?.value == 1 else { continue }
            findings.add(
                Diagnostic(
                    .untilConstant, "`until` of `\(stage.name)` is never asked: there is one round", at: until.span,
                    secondary: loop.times.map { [Label($0.span, "the only round")] } ?? []))
        }
        guard let knowledge = ConditionKnowledge(scope), !knowledge.expansion.isTooLarge else { return }
        for (index, stage) in knowledge.expansion.stages.enumerated() where !findings.isFull {
            guard let earlier = stage.earlier, let loop = stage.declaration.loop, scope.owns(loop.span) else { continue }
            if let until = loop.until {
                check(until, loop, index, knowledge, into: &findings)
            } else if isUnchanged(index, after: earlier, knowledge.expansion) {
                findings.add(
                    Diagnostic(
                        .repeatUnchanged, "each round of `\(stage.shownName)` gets the same input", at: loop.keySpan,
                        secondary: stage.inputKey.map { [Label($0.span, "no round publishes this")] } ?? [],
                        help: stage.inputKey.map { "write `output_key: \($0.value)` to loop over it, or remove `repeat`" }))
            }
        }
    }

    private func check(
        _ until: Located<Condition>, _ loop: RepeatDeclaration, _ index: Int, _ knowledge: ConditionKnowledge,
        into findings: inout FindingList
    ) {
        let name = knowledge.expansion.stages[index].shownName
        let headline: String
        if knowledge.isNeverTrue(index) {
            headline = "`until` of `\(name)` holds after any round: there is never a second"
        } else if knowledge.isNeverTrue(until.value, at: index) {
            headline = "`until` of `\(name)` can never hold: all \(loop.times?.value ?? 1) rounds run"
        } else {
            return
        }
        findings.add(
            Diagnostic(
                .untilConstant, headline, at: until.span, secondary: knowledge.labels(until.value.names, at: index),
                help: "mend the condition, or remove it"))
    }

    /// Whether a round is surely called with what the one before it was called with.
    private func isUnchanged(_ index: Int, after earlier: Int, _ expansion: Expansion) -> Bool {
        let stage = expansion.stages[index]
        guard stage.isCall, stage.modelPath != nil, let key = stage.inputKey?.value else { return false }
        // Each candidate has a seed of its own, over all rounds.
        if stage.multiNode?.splits == true, stage.multiNode?.splitMode?.value == .candidates { return false }
        if stage.literal[key] != nil { return true }
        let publication = expansion.stages[earlier].publication
        return publication.isClosed && !publication.names.contains(key) && expansion.binding(of: index) == .declared
    }
}
