import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax

/// Quick fixes.
extension LanguageServer {
    /// A list of `CodeAction`: the fixes of the findings in a range, and for what is no error a comment that silences it.
    mutating func codeActions(_ document: Document, _ params: JSONValue) throws(RPCError) -> JSONValue {
        guard client.takesCodeActions, wantsQuickFixes(params), let report = report(document.uri),
            let analysis = analysis(document.uri)
        else { return [] }
        let range = try analysis.positions.range(params["range"])
        var actions: [JSONValue] = []
        for diagnostic in report.own {
            let own = diagnostic.primary.span.range
            guard own.lowerBound <= range.upperBound, range.lowerBound <= own.upperBound else { continue }
            actions += diagnostic.fixes.map { action(diagnostic, $0) }
            if let ignore = ignore(diagnostic, analysis) {
                let edit = Self.edit(ignore.range, ignore.text, analysis.positions)
                let title = "ignore \(diagnostic.code.slug) here"
                actions.append(action(diagnostic, title, workspaceEdit([(document.uri, [edit])]), isPreferred: false))
            }
        }
        return .array(actions)
    }

    private func wantsQuickFixes(_ params: JSONValue) -> Bool {
        guard let only = params["context"]?["only"]?.arrayValue else { return true }
        return only.contains("quickfix") || only.contains("")
    }

    private func action(_ diagnostic: Diagnostic, _ fix: FixIt) -> JSONValue {
        var edits: [(uri: String, edits: [JSONValue])] = []
        for edit in fix.edits {
            let uri = uri(session.path(of: edit.span.source))
            let positions = TextPositions(edit.span.source, client.encoding)
            let json = Self.edit(edit.span.range, edit.replacement, positions)
            if let index = edits.firstIndex(where: { $0.uri == uri }) {
                edits[index].edits.append(json)
            } else {
                edits.append((uri, [json]))
            }
        }
        return action(diagnostic, fix.title, workspaceEdit(edits), isPreferred: fix.applicability == .safe)
    }

    private func action(
        _ diagnostic: Diagnostic, _ title: String, _ edit: JSONValue, isPreferred: Bool
    ) -> JSONValue {
        [
            "title": .string(title), "kind": "quickfix", "diagnostics": [json(diagnostic)],
            "isPreferred": .bool(isPreferred), "edit": edit,
        ]
    }

    /// The comment above the finding's line that silences it. Nil: it cannot be silenced, or a comment there would be
    /// text.
    private func ignore(_ diagnostic: Diagnostic, _ analysis: Document.Analysis) -> TextChange? {
        guard diagnostic.severity < .error, diagnostic.code.isIgnorable, !analysis.isJSON else { return nil }
        let source = analysis.tree.source
        let line = source.lineRange(diagnostic.primary.span.start.line)
        let bytes = source.bytes[line]
        let indent = String(decoding: bytes.prefix(while: Mark.isBlank), as: UTF8.self)
        let isCRLF = line.upperBound < source.bytes.count && source.bytes[line.upperBound] == Mark.carriageReturn
        let text = "\(indent)# imflow: ignore[\(diagnostic.code.id)] \(isCRLF ? "\r\n" : "\n")"
        let change = TextChange(range: line.lowerBound..<line.lowerBound, text: text)
        let changed = Source(name: source.name, bytes: TextChange.apply([change], to: source.bytes))
        return parse(changed).tree.texts == analysis.tree.texts ? change : nil
    }
}
