package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// What a stage's `when` asks for can be there. At a run an absent value is like null, so that a misspelt name would
/// skip the stage, or never skip it, without a word.
package struct ConditionKeysRule: Rule {
    package static let codes: [DiagnosticCode] = [.unboundCondition]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let expansion = scope.expansion, !expansion.isTooLarge else { return }
        for index in expansion.stages.indices {
            if findings.isFull { return }
            let stage = expansion.stages[index]
            guard let when = stage.condition else { continue }
            let absent = when.value.names.filter { expansion.isAbsent($0, at: index) }
            if absent.isEmpty { continue }
            // What the pipeline's schema names may be left out by its caller.
            let schema = owner(of: stage, scope.workspace).map { Publication(schema: $0.inputSchema?.value) }
            for name in absent where schema?.names.contains(name) != true {
                var finding = finding(name, stage, when.span, expansion.reach(of: index))
                // Another caller of the pipeline may give it.
                if let schema, !schema.isClosed { finding.severity = .warning }
                findings.add(finding)
            }
        }
    }

    /// The pipeline in whose file the stage stands; nil: it is the job's own.
    private func owner(of stage: ExpandedStage, _ workspace: Workspace) -> Manifest? {
        let source = stage.declaration.span.source
        return workspace.models.values.first { $0.manifest.span.source === source }?.manifest
    }

    private func finding(_ name: String, _ stage: ExpandedStage, _ place: Span, _ reach: Publication) -> Diagnostic {
        let own = [stage.inputKey?.value].compactMap { $0 } + stage.literal.keys
        let known = Publication(all: [Publication(names: own, isClosed: true), reach]).names
        let shown = known.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        return Diagnostic(
            .unboundCondition, "the \(stage.earlier == nil ? "condition" : "`until`") of `\(stage.shownName)` asks for `\(name)`, and nothing gives it",
            at: place,
            notes: [shown.isEmpty ? "nothing is in its reach" : "in its reach: \(shown)"],
            help: nearest(name, in: known).map { "did you mean `\($0)`?" }
                ?? "a value that may be missing stands in the job's `input` as `null`")
    }
}
