package import ImflowDiagnostics
import ImflowIR
import ImflowSyntax

/// What a `.imflow.yaml` says of the files in its folder and below: how grave findings are there, and what is left out.
package struct CheckSettings: Sendable {
    package static let fileName = ".imflow.yaml"

    /// What is to become of a finding.
    private enum Level: String, CaseIterable {
        case error, warning, note, ignore

        var severity: Severity? { Severity(rawValue: rawValue) }
    }

    private struct Part: Sendable {
        /// Nil: every path.
        var paths: GitIgnore?
        /// By the code's number; a missing severity: the finding is not told.
        var severities: [Int: Severity?]
    }

    /// Later ones win.
    private let parts: [Part]
    /// What a check of a folder leaves out.
    let exclude: GitIgnore
    /// What is wrong with the file.
    let diagnostics: [Diagnostic]
    let source: Source

    /// - Parameter folder: the absolute path of the folder that the file is in.
    init(_ source: Source, in folder: String) {
        let (tree, problems) = parseYAML(source)
        // A file of comments alone settles nothing.
        var found = problems.filter { $0.code != .emptyDocument } + duplicateKeys(in: tree)
        let (settings, shape) = Binder.settings(tree)
        found += shape
        var parts: [Part] = []
        if let settings {
            parts.append(Part(paths: nil, severities: Self.severities(settings.severity, &found)))
            for part in settings.overrides {
                let paths = GitIgnore(lines: part.paths.map(\.value), in: folder)
                parts.append(Part(paths: paths, severities: Self.severities(part.severity, &found)))
            }
        }
        self.parts = parts
        exclude = GitIgnore(lines: settings?.exclude.map(\.value) ?? [], in: folder)
        diagnostics = found
        self.source = source
    }

    private static func severities(
        _ map: [(key: String, value: Located<String>)], _ found: inout [Diagnostic]
    ) -> [Int: Severity?] {
        var severities: [Int: Severity?] = [:]
        for (name, level) in map {
            guard let page = DiagnosticPage.named(name) else {
                let near = DiagnosticPage.near(name).map { "`\($0)`" }.joined(separator: ", ")
                found.append(
                    Diagnostic(
                        .badSetting, "no finding is called `\(name)`", at: level.keySpan,
                        help: near.isEmpty ? "`imflow explain` lists them" : "did you mean \(near)?"))
                continue
            }
            guard let wanted = Level(rawValue: level.value) else {
                let levels = Level.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                found.append(Diagnostic(.badSetting, "a level is one of \(levels)", at: level.span))
                continue
            }
            if page.severity == .error, wanted != .error {
                found.append(
                    Diagnostic(
                        .badSetting, "`\(page.slug)` is an error, and cannot be less", at: level.span,
                        notes: ["`plan` and `run` refuse the file for it"], help: "mend what it finds"))
                continue
            }
            severities[page.number] = .some(wanted.severity)
        }
        return severities
    }

    /// The finding as it is told of the file at an absolute path; nil: it is not.
    func apply(to diagnostic: Diagnostic, path: String) -> Diagnostic? {
        for part in parts.reversed() {
            guard let severity = part.severities[diagnostic.code.number] else { continue }
            if let paths = part.paths, !paths.covers(path) { continue }
            if diagnostic.severity == .error { return diagnostic }
            guard let severity else { return nil }
            var told = diagnostic
            told.severity = severity
            return told
        }
        return diagnostic
    }
}

extension DiagnosticCode {
    /// A `.imflow.yaml` that asks for what cannot be.
    package static let badSetting = DiagnosticCode(22, "bad-setting")
}
