package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowPlan

/// The input has a member that the split mode can cut, where the job's input is known.
package struct SplitInputRule: Rule {
    package static let codes: [DiagnosticCode] = [.splitInput]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let job = scope.job, let input = job.input, let expansion = scope.expansion else { return }
        for stage in expansion.stages where stage.needs.isEmpty && stage.isCall {
            guard let block = stage.multiNode, block.splits, let mode = block.splitMode?.value, mode != .candidates
            else {
                continue
            }
            let schema = stage.modelPath.flatMap { scope.workspace.models[$0]?.manifest.inputSchema?.value }
            guard let bound = stage.bound(from: input) else { continue }
            let cut = block.splitKey?.span ?? block.splitMode?.span ?? block.span.firstLine
            if let finding = finding(stage, block, mode, bound, schema, job, cut) { findings.add(finding) }
        }
    }

    private func finding(
        _ stage: ExpandedStage, _ block: MultiNode, _ mode: SplitMode, _ input: JSONObject, _ schema: JSONValue?,
        _ job: CheckedJob, _ cut: Span
    ) -> Diagnostic? {
        let names = input.isEmpty ? "nothing" : input.keys.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        let place = job.job.input?.keySpan ?? cut
        let secondary = place == cut ? [] : [Label(cut, "what is split")]
        let byMode = "`\(stage.shownName)` is split by `\(mode.rawValue)`"
        if let key = block.splitKey?.value {
            guard let value = input[key] else {
                return Diagnostic(
                    .splitInput, "`\(stage.shownName)` splits `\(key)`, and its input has no such member", at: place,
                    secondary: secondary, notes: ["its input has \(names)"],
                    help: nearest(key, in: input.keys).map { "did you mean `\($0)`?" })
            }
            if Self.fits(key, value, mode, schema) { return nil }
            return Diagnostic(
                .splitInput, "\(byMode), and `\(key)` is not \(Self.wanted(mode))",
                at: job.job.inputPlaces[key] ?? place, secondary: secondary)
        }
        let fitting = input.filter { Self.fits($0.key, $0.value, mode, schema) }.keys
        if fitting.count == 1 { return nil }
        if fitting.isEmpty {
            return Diagnostic(
                .splitInput, "\(byMode), and no member of its input is \(Self.wanted(mode))", at: place,
                secondary: secondary, notes: ["its input has \(names)"])
        }
        return Diagnostic(
            .splitInput, "\(byMode), and \(fitting.count) members of its input fit", at: place, secondary: secondary,
            notes: ["these fit: \(fitting.prefix(12).map { "`\($0)`" }.joined(separator: ", "))"],
            help: "name one: `split_key: \(fitting.first ?? "")`")
    }

    private static func wanted(_ mode: SplitMode) -> String {
        switch mode {
        case .tile: "an image file: a URL under a key that ends in `_url` or `_uri`"
        case .batch: "a list"
        case .audio: "a recording: a URL under a key that ends in `_url` or `_uri`"
        case .rows: "a table: a URL, or its text"
        case .sequence, .lines, .candidates: "a text"
        }
    }

    private static func fits(_ key: String, _ value: JSONValue, _ mode: SplitMode, _ schema: JSONValue?) -> Bool {
        switch mode {
        case .tile, .audio:
            let isURI = schema?["properties"]?[key]?["format"] == "uri"
            return value.stringValue != nil && (key.hasSuffix("_url") || key.hasSuffix("_uri") || isURI)
        case .batch: return value.arrayValue != nil
        case .sequence, .lines, .rows, .candidates: return value.stringValue != nil
        }
    }
}
