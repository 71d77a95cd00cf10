/// What a report for other programs says beside the findings.
package struct ReportContext: Sendable {
    /// The names of all files that were checked, with and without findings.
    package var files: [String] = []
    /// The absolute folder in which relative names start; empty: names are taken as they are.
    package var currentFolder = ""
    /// The absolute folder that paths in reports are relative to: the repository's.
    package var root = ""
    /// From which severity on a finding is a failure.
    package var failingFrom = Severity.error
    /// The version of the tool that reports.
    package var toolVersion = ""

    /// What is said of a code in full: one line, and a text in Markdown; nil: nothing.
    package var page: @Sendable (DiagnosticCode) -> (summary: String, text: String)? = { _ in nil }

    package init() {}

    /// A source's path as seen from ``root``; absolute for a file outside it.
    func path(of source: Source) -> String { path(of: source.name) }

    /// The path of a file of this name; standard input has none and keeps its name.
    func path(of name: String) -> String {
        guard !currentFolder.isEmpty, name != "<stdin>" else { return name }
        var parts: [Substring] = []
        let whole = name.hasPrefix("/") ? name : currentFolder + "/" + name
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let absolute = "/" + parts.joined(separator: "/")
        let prefix = root.hasSuffix("/") ? root : root + "/"
        return absolute.hasPrefix(prefix) ? String(absolute.dropFirst(prefix.count)) : absolute
    }
}
