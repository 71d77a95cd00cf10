import ImflowJSON

/// GitLab's Code Quality report: a JSON list, shown in merge requests.
struct GitLabFormat {
    let context: ReportContext

    func render(_ diagnostics: [Diagnostic]) -> String {
        let fingerprints = Fingerprint.all(of: diagnostics, context)
        return JSONValue.array(zip(diagnostics, fingerprints).map(issue)).prettyText + "\n"
    }

    private func issue(_ diagnostic: Diagnostic, _ fingerprint: String) -> JSONValue {
        let span = diagnostic.primary.span
        let severity =
            switch diagnostic.severity {
            case .error: "major"
            case .warning: "minor"
            case .note: "info"
            }
        let words = [diagnostic.headline] + (diagnostic.help.map { ["help: " + $0] } ?? [])
        return [
            "description": .string(words.joined(separator: "; ")),
            "check_name": .string(diagnostic.code.slug),
            "fingerprint": .string(fingerprint),
            "severity": .string(severity),
            "location": [
                "path": .string(context.path(of: span.source)),
                "lines": ["begin": .int(Int64(span.start.line)), "end": .int(Int64(span.end.line))],
            ],
        ]
    }
}
