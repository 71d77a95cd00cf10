package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON

/// Who splits a model whose answers are no lists says how they are joined.
package struct SplitWithoutMergeRule: Rule {
    package static let codes: [DiagnosticCode] = [.splitWithoutMerge]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        for stage in scope.blockStages {
            guard let block = stage.multiNode, block.splits, block.mergeStrategy == nil, block.reducer == nil,
                block.broken.isDisjoint(with: ["merge_strategy", "reducer"]),
                let mode = block.splitMode, scope.owns(mode.span), let path = stage.modelPath,
                let schema = scope.workspace.models[path]?.manifest.outputSchema,
                let (what, strategy) = Self.answer(schema.value)
            else { continue }
            findings.add(
                Diagnostic(
                    .splitWithoutMerge,
                    "`\(stage.shownName)` is split and says no `merge_strategy`: its result is a list of \(what)s",
                    at: mode.span, secondary: [Label(schema.keySpan, "one call answers a \(what)")],
                    notes: ["the default is `concat-json`: one JSON array in the order of the units"],
                    help: "write `merge_strategy: \(strategy)`, or `merge_strategy: concat-json` if a list is meant"))
        }
    }

    /// What the schema says that an answer is, and the strategy that gives the same; nil: a list, or anything.
    private static func answer(_ schema: JSONValue) -> (what: String, strategy: String)? {
        switch schema["type"]?.stringValue {
        case "string": ("text", "concat-text")
        case "number", "integer": ("number", "mean")
        default: nil
        }
    }
}
