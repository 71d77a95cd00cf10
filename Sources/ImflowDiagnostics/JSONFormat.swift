import ImflowJSON

/// One JSON document. Lines and columns count from 1, columns in Unicode scalars; ends are exclusive; bytes count
/// from 0 in the file's UTF-8.
enum JSONFormat {
    static func render(_ diagnostics: [Diagnostic]) -> String {
        let document: JSONValue = [
            "schema": "imflow.diagnostics/v1",
            "errors": count(diagnostics, .error),
            "warnings": count(diagnostics, .warning),
            "diagnostics": .array(diagnostics.map(value)),
        ]
        return document.prettyText + "\n"
    }

    private static func count(_ diagnostics: [Diagnostic], _ severity: Severity) -> JSONValue {
        .int(Int64(diagnostics.count { $0.severity == severity }))
    }

    private static func value(_ diagnostic: Diagnostic) -> JSONValue {
        var members: JSONObject = [
            "code": .string(diagnostic.code.id), "slug": .string(diagnostic.code.slug),
            "severity": .string(diagnostic.severity.rawValue), "message": .string(diagnostic.headline),
        ]
        members.merge(place(diagnostic.primary.span)) { _, new in new }
        members["label"] = .string(diagnostic.primary.text)
        members["secondary"] = .array(diagnostic.secondary.map(label))
        members["notes"] = .array(diagnostic.notes.map(JSONValue.string))
        members["help"] = diagnostic.help.map(JSONValue.string) ?? .null
        members["fixes"] = .array(diagnostic.fixes.map(fix))
        return .object(members)
    }

    private static func place(_ span: Span) -> JSONObject {
        let (line, column) = span.start
        let (endLine, endColumn) = span.end
        return [
            "file": .string(span.source.name), "line": .int(Int64(line)), "column": .int(Int64(column)),
            "end_line": .int(Int64(endLine)), "end_column": .int(Int64(endColumn)),
            "start_byte": .int(Int64(span.range.lowerBound)), "end_byte": .int(Int64(span.range.upperBound)),
        ]
    }

    private static func label(_ label: Label) -> JSONValue {
        var members = place(label.span)
        members["label"] = .string(label.text)
        return .object(members)
    }

    private static func fix(_ fix: FixIt) -> JSONValue {
        let applicability = fix.applicability == .safe ? "safe" : "needs-review"
        let edits = fix.edits.map { edit in
            var members = place(edit.span)
            members["replacement"] = .string(edit.replacement)
            return JSONValue.object(members)
        }
        return ["title": .string(fix.title), "applicability": .string(applicability), "edits": .array(edits)]
    }
}
