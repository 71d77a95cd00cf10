package import ImflowDiagnostics

/// Findings of one file as they are made. Bounded: hostile input cannot make it grow or keep its makers busy.
package struct FindingList: Sendable {
    /// More findings than this in one file are not looked for.
    package static let limit = 500

    private var found: [Diagnostic] = []

    package init() {}

    /// In the order in which they were made. Of a list that is full the last says so: what a reader does with the others,
    /// such as silencing them, must not pass for all there is.
    package var diagnostics: [Diagnostic] {
        guard isFull, let first = found.first else { return found }
        return found + [
            Diagnostic(
                .tooManyFindings, "more than \(Self.limit) findings here are not looked for",
                at: Span(first.primary.span.source, 0..<0), help: "mend some of them, and check again")
        ]
    }

    /// Whether looking further is of no use.
    package var isFull: Bool { found.count >= Self.limit }

    /// Keeps the finding unless the list is full.
    package mutating func add(_ diagnostic: Diagnostic) {
        if !isFull { found.append(diagnostic) }
    }
}

extension DiagnosticCode {
    /// A file in which so much was found that the rest was not looked for.
    package static let tooManyFindings = DiagnosticCode(23, "too-many-findings")
}
