package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON

/// What a stage asks for is there: its `input_key`, and the members that its model's schema requires.
package struct BoundKeysRule: Rule {
    package static let codes: [DiagnosticCode] = [.unboundKey, .soleValue]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let expansion = scope.expansion, !expansion.isTooLarge else { return }
        for index in expansion.stages.indices {
            let stage = expansion.stages[index]
            // Of a later round the first has told: it gets what the first gets, or more.
            if findings.isFull || stage.prototype != index { continue }
            switch expansion.binding(of: index) {
            case .declared, .unknown: break
            case .soleValue(let upstream, let isCertain):
                findings.add(soleValue(stage, expansion.stages[upstream], isCertain))
            case .unbound: findings.add(unbound(stage, expansion.reach(of: index)))
            }
            if stage.isCall { checkRequired(stage, expansion, index, scope.workspace, &findings) }
        }
    }

    private func soleValue(_ stage: ExpandedStage, _ upstream: ExpandedStage, _ isCertain: Bool) -> Diagnostic {
        let key = stage.inputKey?.value ?? ""
        let value = upstream.publication.names.first ?? ""
        let giver = "`\(upstream.shownName)`"
        let headline = "nothing declares `\(key)`: `\(stage.shownName)` gets "
        return Diagnostic(
            .soleValue,
            isCertain
                ? headline + "`\(value)`, the only value of \(giver)"
                : headline + "the only value of \(giver), if it has just one",
            at: stage.inputKey?.span ?? stage.place,
            help: isCertain
                ? "write `input_key: \(value)`, or `output_key: \(key)` at \(giver)"
                : "write `output_key: \(key)` at \(giver), or declare `\(key)` in its model's `output_schema`",
            fixes: isCertain ? stage.inputKey.map { [.replacing($0.span, by: value)] } ?? [] : [])
    }

    private func unbound(_ stage: ExpandedStage, _ reach: Publication) -> Diagnostic {
        let key = stage.inputKey?.value ?? ""
        let near = nearest(key, in: reach.names)
        let known = reach.names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        return Diagnostic(
            .unboundKey, "nothing gives `\(stage.shownName)` its `\(key)`", at: stage.inputKey?.span ?? stage.place,
            notes: [known.isEmpty ? "nothing is in its reach" : "in its reach: \(known)"],
            help: near.map { "did you mean `\($0)`?" },
            fixes: near.flatMap { near in stage.inputKey.map { [.replacing($0.span, by: near)] } } ?? [])
    }

    /// A model that requires a member which the stage surely does not pass fails on every call.
    private func checkRequired(
        _ stage: ExpandedStage, _ expansion: Expansion, _ index: Int, _ workspace: Workspace,
        _ findings: inout FindingList
    ) {
        guard let path = stage.modelPath, let manifest = workspace.models[path]?.manifest else { return }
        let required = (manifest.inputSchema?.value["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        if required.isEmpty || !expansion.isBoundClosed(index) { return }
        let bound = expansion.bound(index)
        guard bound.isClosed else { return }
        let given = Set(bound.names)
        let known = given.isEmpty ? "nothing" : bound.names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        let isSeeded = stage.multiNode?.splits == true && stage.multiNode?.splitMode?.value == .candidates
        for name in required where !given.contains(name) && !(isSeeded && name == "seed") {
            findings.add(
                Diagnostic(
                    .unboundKey, "`\(manifest.name)` requires `\(name)`, and nothing gives it to `\(stage.shownName)`",
                    at: stage.place,
                    secondary: [Label(manifest.inputSchema?.keySpan ?? manifest.place, "required by this schema")],
                    notes: ["it gets \(known)"]))
        }
    }
}
