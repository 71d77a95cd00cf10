/// Workflow commands of GitHub Actions, one line each: annotations of the files in a pull request.
struct GitHubFormat {
    let context: ReportContext

    func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.map { line($0) + "\n" }.joined()
    }

    private func line(_ diagnostic: Diagnostic) -> String {
        let span = diagnostic.primary.span
        let (line, column) = span.start
        let (endLine, endColumn) = span.end
        var properties = [("file", context.path(of: span.source)), ("line", String(line))]
        // GitHub refuses columns of what spans several lines.
        if line == endLine { properties.append(("col", String(column))) }
        properties.append(("endLine", String(endLine)))
        if line == endLine { properties.append(("endColumn", String(endColumn))) }
        properties.append(("title", diagnostic.code.description))
        let command =
            switch diagnostic.severity {
            case .error: "error"
            case .warning: "warning"
            case .note: "notice"
            }
        let words = [diagnostic.headline] + (diagnostic.help.map { ["help: " + $0] } ?? [])
        let message = words.map { VisibleText.line($0) }.joined(separator: "\n")
        let list = properties.map { "\($0.0)=\(Self.escaped(VisibleText.line($0.1, limit: 4096), inProperty: true))" }
        return "::\(command) \(list.joined(separator: ","))::\(Self.escaped(message, inProperty: false))"
    }

    private static func escaped(_ text: String, inProperty: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": out += "%25"
            case "\r": out += "%0D"
            case "\n": out += "%0A"
            case ":" where inProperty: out += "%3A"
            case "," where inProperty: out += "%2C"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
