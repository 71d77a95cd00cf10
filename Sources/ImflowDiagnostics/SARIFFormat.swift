import ImflowJSON

/// A log in the Static Analysis Results Interchange Format, SARIF 2.1.0 (OASIS). Lines and columns count from 1,
/// columns in Unicode code points, ends are exclusive; `byteOffset` counts from 0 in the file, byte order mark
/// included. Paths are relative to `%SRCROOT%`.
struct SARIFFormat {
    let context: ReportContext

    func render(_ diagnostics: [Diagnostic]) -> String {
        let document: JSONValue = [
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [run(diagnostics)],
        ]
        return document.prettyText + "\n"
    }

    private func run(_ diagnostics: [Diagnostic]) -> JSONValue {
        let rules = Set(diagnostics.map(\.code)).sorted { ($0.number, $0.slug) < ($1.number, $1.slug) }
        let indices = Dictionary(uniqueKeysWithValues: zip(rules, rules.indices))
        let fingerprints = Fingerprint.all(of: diagnostics, context)
        var driver: JSONObject = ["name": "imflow"]
        if !context.toolVersion.isEmpty { driver["semanticVersion"] = .string(context.toolVersion) }
        driver["rules"] = .array(rules.map(rule))
        return [
            "tool": ["driver": .object(driver)],
            "columnKind": "unicodeCodePoints",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "originalUriBaseIds": ["%SRCROOT%": ["description": ["text": "The root of the repository."]]],
            "results": .array(
                zip(diagnostics, fingerprints).map { result($0, indices[$0.code] ?? -1, fingerprint: $1) }),
        ]
    }

    private func rule(_ code: DiagnosticCode) -> JSONValue {
        let words = code.slug.split(separator: "-")
        let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let page = context.page(code)
        let summary = page?.summary ?? words.joined(separator: " ")
        let help = page?.text ?? "Mend what the message names."
        return [
            "id": .string(code.id), "name": .string(name),
            "shortDescription": ["text": .string(summary)],
            "help": ["text": .string(help), "markdown": .string(help)],
            "defaultConfiguration": ["level": .string(code.severity.rawValue)],
        ]
    }

    private func result(_ diagnostic: Diagnostic, _ rule: Int, fingerprint: String) -> JSONValue {
        let words =
            [diagnostic.headline] + diagnostic.notes.map { "note: " + $0 }
            + (diagnostic.help.map { ["help: " + $0] } ?? [])
        var members: JSONObject = [
            "ruleId": .string(diagnostic.code.id), "ruleIndex": .int(Int64(rule)),
            "level": .string(diagnostic.severity.rawValue),
            "message": ["text": .string(words.joined(separator: "\n"))],
            "locations": [location(diagnostic.primary)],
            "partialFingerprints": ["imflow/v1": .string(fingerprint)],
        ]
        if !diagnostic.secondary.isEmpty {
            members["relatedLocations"] = .array(
                diagnostic.secondary.enumerated().map { location($0.element, id: $0.offset) })
        }
        let fixes = diagnostic.fixes.filter { !$0.edits.isEmpty }
        if !fixes.isEmpty { members["fixes"] = .array(fixes.map(fix)) }
        return .object(members)
    }

    private func location(_ label: Label, id: Int? = nil) -> JSONValue {
        var members: JSONObject = [:]
        if let id { members["id"] = .int(Int64(id)) }
        members["physicalLocation"] = [
            "artifactLocation": artifact(label.span.source), "region": Self.region(label.span),
        ]
        if !label.text.isEmpty { members["message"] = ["text": .string(label.text)] }
        return .object(members)
    }

    private func artifact(_ source: Source) -> JSONValue {
        let path = context.path(of: source)
        let uri = JSONValue.string((path.hasPrefix("/") ? "file://" : "") + Self.percentEncoded(path))
        return path.hasPrefix("/") ? ["uri": uri] : ["uri": uri, "uriBaseId": "%SRCROOT%"]
    }

    private static func region(_ span: Span) -> JSONValue {
        let (line, column) = span.start
        let (endLine, endColumn) = span.end
        return [
            "startLine": .int(Int64(line)), "startColumn": .int(Int64(column)),
            "endLine": .int(Int64(endLine)), "endColumn": .int(Int64(endColumn)),
            "byteOffset": .int(Int64(span.range.lowerBound)), "byteLength": .int(Int64(span.range.count)),
        ]
    }

    private func fix(_ fix: FixIt) -> JSONValue {
        var files: [(source: Source, edits: [FixIt.Edit])] = []
        for edit in fix.edits {
            if let index = files.firstIndex(where: { $0.source === edit.span.source }) {
                files[index].edits.append(edit)
            } else {
                files.append((edit.span.source, [edit]))
            }
        }
        let changes = files.map { file -> JSONValue in
            let replacements = file.edits.map { edit -> JSONValue in
                [
                    "deletedRegion": Self.region(edit.span),
                    "insertedContent": ["text": .string(edit.replacement)],
                ]
            }
            return ["artifactLocation": artifact(file.source), "replacements": .array(replacements)]
        }
        return [
            "description": ["text": .string(fix.title)], "artifactChanges": .array(changes),
            "properties": ["applicability": .string(fix.applicability == .safe ? "safe" : "needs-review")],
        ]
    }

    /// All but the unreserved characters and `/` as `%XX` (RFC 3986).
    private static func percentEncoded(_ path: String) -> String {
        var out = ""
        for byte in path.utf8 {
            let isLetter = (0x61...0x7A).contains(byte | 0x20)
            if isLetter || (0x30...0x39).contains(byte) || "/-._~".utf8.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return out
    }
}
