package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// A name means one value to the stages that read it. A stage that reads a value and publishes it anew means to.
package struct ShadowedKeyRule: Rule {
    package static let codes: [DiagnosticCode] = [.shadowedKey]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let graph = scope.graph, graph.stages.contains(where: { $0.declaration.outputKey != nil }),
            let expansion = scope.expansion, !expansion.isTooLarge
        else { return }
        let stages = expansion.stages
        let isTaken = Self.taken(expansion)
        var counts: [String: Int] = [:]
        for key in stages.lazy.compactMap(Self.published) { counts[key.value, default: 0] += 1 }
        for (index, stage) in stages.enumerated() where !findings.isFull {
            // Of a stage that is repeated the end is looked at, and of it the first round.
            if stage.isCall, stage.declaration.loop != nil { continue }
            if let key = stage.inputKey?.value, stage.literal[key] == nil { checkRivals(stage, key, scope, &findings) }
            guard let key = Self.published(stage), scope.owns(key.span), let own = readKey(of: stage, stages),
                own != key.value, stage.declaration.when?.value.names.contains(key.value) != true,
                isTaken[index]
            else { continue }
            let sources = counts[key.value] == 1 ? SourceSearch(given: []) : readSources(of: index, expansion)
            let earlier = sources.lazy.compactMap { Self.published(stages[$0]) }.first { $0.value == key.value }
            let isInput = expansion.input.names.contains(key.value) && stage.entry == nil
            guard earlier != nil || isInput else { continue }
            let place = earlier?.span ?? scope.job?.job.inputPlaces[key.value]?.firstLine
            findings.add(
                Diagnostic(
                    .shadowedKey,
                    "from `\(stage.shownName)` on, `\(key.value)` is no longer "
                        + (earlier == nil ? "the job's own" : "what it was before"),
                    at: key.span, secondary: place.map { [Label($0, "hidden from here on")] } ?? [],
                    help: "give one of them another name"))
        }
    }

    /// By stage: whether a stage behind it gets its `input_key` from it.
    private static func taken(_ expansion: Expansion) -> [Bool] {
        let stages = expansion.stages
        var isTaken = [Bool](repeating: false, count: stages.count)
        for (index, stage) in stages.enumerated() {
            guard let key = stage.inputKey?.value, stage.literal[key] == nil, expansion.publishedNames.contains(key),
                let giver = expansion.sources(of: index).first(where: { stages[$0].publication.names.contains(key) })
            else { continue }
            isTaken[giver] = true
        }
        return isTaken
    }

    /// What the stage takes as its input; nil: everything.
    private func readKey(of stage: ExpandedStage, _ stages: [ExpandedStage]) -> String? {
        if let first = Self.beginning(of: stage) { return stages[first].inputKey?.value }
        return stage.inputKey?.value
    }

    /// What stands before the stage; of a pipeline's end, before its beginning.
    private func readSources(of index: Int, _ expansion: Expansion) -> SourceSearch {
        expansion.sources(of: Self.beginning(of: expansion.stages[index]) ?? index)
    }

    /// Of a pipeline's end, or that of a stage that is repeated: its beginning.
    private static func beginning(of stage: ExpandedStage) -> Int? {
        switch stage.kind {
        case .exit, .rounds: stage.entry
        case .call, .entry: nil
        }
    }

    private static func published(_ stage: ExpandedStage) -> Located<String>? {
        if case .entry = stage.kind { return nil }
        return stage.declaration.outputKey
    }

    /// Two stages that a reader needs, neither behind the other, and both publish what it asks for.
    private func checkRivals(_ stage: ExpandedStage, _ key: String, _ scope: Scope, _ findings: inout FindingList) {
        guard stage.needs.count > 1, let expansion = scope.expansion, let place = stage.inputKey?.span, scope.owns(place)
        else { return }
        let stages = expansion.stages
        let rivals = stage.needs.filter { Self.published(stages[$0])?.value == key }.sorted(by: >)
        guard let winner = rivals.first, let loser = rivals.dropFirst().first,
            !readSources(of: winner, expansion).contains(loser)
        else { return }
        let labels = [winner, loser].compactMap { index in
            Self.published(stages[index]).map {
                Label($0.span, index == winner ? "this one is taken" : "this one is not")
            }
        }
        findings.add(
            Diagnostic(
                .shadowedKey,
                "both `\(stages[winner].shownName)` and `\(stages[loser].shownName)` publish `\(key)`",
                at: place, label: "which one?", secondary: labels, help: "give one of them another name"))
    }
}
