import ImflowDiagnostics

/// Findings of several looks at the same files. A pipeline's stages are seen from the pipeline and from everybody who
/// calls it; what the first look found at a place, later looks do not say again.
struct MergedFindings {
    private struct Place: Hashable {
        // A text may have been read twice.
        var source: String
        var range: Range<Int>
        var code: DiagnosticCode

        init(_ diagnostic: Diagnostic) {
            source = diagnostic.primary.span.source.name
            range = diagnostic.primary.span.range
            code = diagnostic.code
        }
    }

    private(set) var diagnostics: [Diagnostic] = []
    private var seen: Set<Place> = []

    /// Adds what one look found.
    mutating func add(_ found: [Diagnostic]) {
        let new = found.filter { !seen.contains(Place($0)) }
        diagnostics += new
        seen.formUnion(new.map(Place.init))
    }
}
