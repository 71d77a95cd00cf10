/// Turns findings into text for people or programs. It decides nothing: order, choice and severities are the caller's.
package struct DiagnosticRenderer: Sendable {
    /// The forms findings can take; `rawValue` is what a command line calls them.
    package enum Format: String, Sendable, CaseIterable {
        /// Source lines with carets, notes, help and fixes; ends with a line of counts.
        case full
        /// `file:line:column: error: headline [IMF0101]`, one line each.
        case concise
        /// One JSON document, `imflow.diagnostics/v1`.
        case json
        /// SARIF 2.1.0, for code scanning.
        case sarif
        /// Annotations of GitHub Actions, one line each.
        case github
        /// A JUnit report in XML, a test case for each checked file.
        case junit
        /// GitLab's Code Quality report.
        case gitlab
    }

    /// The form to write.
    package var format: Format
    /// Whether `full` colours its text by ANSI escapes.
    package var colour: Bool

    /// What reports for other programs say beside the findings.
    package var context: ReportContext

    package init(_ format: Format = .full, colour: Bool = false, context: ReportContext = ReportContext()) {
        self.format = format
        self.colour = colour
        self.context = context
    }

    /// The findings as text that ends with a newline; for none no text at all, or a document that says so.
    package func render(_ diagnostics: [Diagnostic]) -> String {
        switch format {
        case .full: FullFormat(colour: colour).render(diagnostics)
        case .concise: ConciseFormat.render(diagnostics)
        case .json: JSONFormat.render(diagnostics)
        case .sarif: SARIFFormat(context: context).render(diagnostics)
        case .github: GitHubFormat(context: context).render(diagnostics)
        case .junit: JUnitFormat(context: context).render(diagnostics)
        case .gitlab: GitLabFormat(context: context).render(diagnostics)
        }
    }

    /// `2 errors, 1 warning`; nil when there is neither.
    package static func summary(of diagnostics: [Diagnostic]) -> String? {
        func count(_ severity: Severity) -> String? {
            let number = diagnostics.count { $0.severity == severity }
            return number == 0 ? nil : "\(number) \(severity.rawValue)\(number == 1 ? "" : "s")"
        }
        let counts = [count(.error), count(.warning)].compactMap { $0 }
        return counts.isEmpty ? nil : counts.joined(separator: ", ")
    }
}
