import ImflowDiagnostics
import ImflowIR

/// Who says something of a value that goes over an edge of the graph.
enum PortSource {
    case input(Manifest)
    case output(Manifest)
    /// The merge of a stage that is split: its place, and what it is called.
    case merge(Span, String)
    /// The split of a stage: its place.
    case split(Span)
    /// A value that an author wrote as such.
    case literal

    /// Where what is said at `pointer` of a schema stands.
    func place(_ pointer: String) -> Span? {
        switch self {
        case .input(let manifest):
            manifest.inputSchemaPlaces.span(at: pointer).map(\.firstLine) ?? manifest.inputSchema?.keySpan
        case .output(let manifest):
            manifest.outputSchemaPlaces.span(at: pointer).map(\.firstLine) ?? manifest.outputSchema?.keySpan
        case .merge(let span, _), .split(let span): span
        case .literal: nil
        }
    }
}
