import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON

/// Findings, told as the text changes.
extension LanguageServer {
    /// The document that was changed last of those whose findings are not told.
    var nextUntold: String? { recent.last { documents[$0]?.isTold == false } }

    /// The findings of a document as it is now.
    mutating func report(_ uri: String) -> SessionReport? {
        guard let document = documents[uri] else { return nil }
        if let known = document.report { return known }
        let report = session.check(document.path)
        documents[uri]?.report = report
        if let scope = report.scope, scope.expansion != nil { documents[uri]?.lastScope = scope }
        _ = analysis(uri)
        return report
    }

    /// Checks a document and tells its findings, and the errors that it sees in files that are not open.
    mutating func tell(_ uri: String) {
        guard let report = report(uri) else { return }
        publish(uri, report.own.map(json))
        var others: [String: [Diagnostic]] = [:]
        for diagnostic in report.elsewhere {
            let path = session.path(of: diagnostic.primary.span.source)
            others[path, default: []].append(diagnostic)
        }
        let open = Set(documents.values.map(\.path))
        let now = others.filter { !open.contains($0.key) }.mapValues { JSONValue.array($0.map(json)) }
        let before = elsewhere.updateValue(now, forKey: uri) ?? [:]
        for path in Set(now.keys).union(before.keys).sorted() where now[path] != before[path] {
            publishElsewhere(path)
        }
        documents[uri]?.isTold = true
    }

    /// A document that is closed sees nothing any more.
    mutating func forgetElsewhere(of uri: String) {
        for path in (elsewhere.removeValue(forKey: uri) ?? [:]).keys.sorted() { publishElsewhere(path) }
    }

    /// What all open documents see in a file that is not open.
    private mutating func publishElsewhere(_ path: String) {
        guard !documents.values.contains(where: { $0.path == path }) else { return }
        var all: [JSONValue] = []
        for uri in recent {
            for diagnostic in elsewhere[uri]?[path]?.arrayValue ?? [] where !all.contains(diagnostic) {
                all.append(diagnostic)
            }
        }
        publish(PathText.fileURL(path), all)
    }

    /// Tells the findings of a file, unless they were told before of the same text.
    mutating func publish(_ uri: String, _ diagnostics: [JSONValue]) {
        let version = documents[uri]?.version
        let content: JSONValue = ["version": version.map { .int(Int64($0)) } ?? .null, "all": .array(diagnostics)]
        guard told[uri] != content, told[uri] != nil || !diagnostics.isEmpty || documents[uri] != nil else { return }
        told[uri] = content
        var params: JSONObject = ["uri": .string(uri), "diagnostics": .array(diagnostics)]
        if let version { params["version"] = .int(Int64(version)) }
        send(RPCMessage.notification("textDocument/publishDiagnostics", .object(params)))
    }

    /// A `Diagnostic` of the protocol.
    func json(_ diagnostic: Diagnostic) -> JSONValue {
        let span = diagnostic.primary.span
        var json: JSONObject = [
            "range": TextPositions(span.source, client.encoding).json(span.range),
            "severity": .int(Self.severity(diagnostic.severity)), "code": .string(diagnostic.code.id),
            "source": "imflow", "message": .string(Self.message(diagnostic)),
            "data": ["slug": .string(diagnostic.code.slug)],
        ]
        if client.showsTags, Self.isAboutNothing(diagnostic.code) { json["tags"] = [1] }
        if client.showsRelatedPlaces, !diagnostic.secondary.isEmpty {
            json["relatedInformation"] = .array(
                diagnostic.secondary.map { label in
                    let location = location(label.span)
                    return ["location": location, "message": .string(label.text.isEmpty ? "see here" : label.text)]
                })
        }
        return .object(json)
    }

    /// A `Location` of the protocol.
    func location(_ span: Span) -> JSONValue {
        [
            "uri": .string(uri(session.path(of: span.source))),
            "range": TextPositions(span.source, client.encoding).json(span.range),
        ]
    }

    private static func severity(_ severity: Severity) -> Int64 {
        switch severity {
        case .error: 1
        case .warning: 2
        case .note: 3
        }
    }

    private static func message(_ diagnostic: Diagnostic) -> String {
        var lines = [diagnostic.headline]
        if !diagnostic.primary.text.isEmpty { lines[0] += ": " + diagnostic.primary.text }
        lines += diagnostic.notes
        if let help = diagnostic.help { lines.append("help: " + help) }
        return lines.joined(separator: "\n")
    }

    /// Whether the finding says that something there has no effect: editors show it faded.
    private static func isAboutNothing(_ code: DiagnosticCode) -> Bool {
        code.slug.split(separator: "-").contains { $0 == "unused" || $0 == "unreachable" }
    }
}
