package import ImflowDiagnostics

/// Findings of one file as they are made. Bounded: hostile input cannot make it grow or keep its makers busy.
package struct FindingList: Sendable {
    /// More findings than this in one file are not looked for.
    package static let limit = 200

    /// In the order in which they were made.
    package private(set) var diagnostics: [Diagnostic] = []

    package init() {}

    /// Whether looking further is of no use.
    package var isFull: Bool { diagnostics.count >= Self.limit }

    /// Keeps the finding unless the list is full.
    package mutating func add(_ diagnostic: Diagnostic) {
        if !isFull { diagnostics.append(diagnostic) }
    }
}
