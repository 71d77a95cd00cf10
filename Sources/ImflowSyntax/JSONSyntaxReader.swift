package import ImflowDiagnostics
import ImflowJSON

/// Reads JSON (RFC 8259) into a located tree. Never throws: what is wrong is in the diagnostics, and the tree keeps
/// everything before it. Repeated members stay: see ``duplicateKeys(in:limit:)``.
package func parseJSON(_ source: Source, limits: SyntaxLimits = SyntaxLimits()) -> SyntaxResult {
    switch TextCheck.check(source, limits: limits, controlsAllowed: true) {
    case .unreadable(let diagnostic): return unreadable(source, diagnostic)
    case .empty: return (SyntaxTree(source: source, records: [], texts: []), [TextCheck.emptyDocument(source)])
    case .readable(let end, let diagnostic):
        var reader = JSONSyntaxReader(builder: SyntaxTreeBuilder(source: source, limits: limits))
        let bytes = end == source.bytes.count ? source.bytes : Array(source.bytes[..<end])
        return reader.read(bytes, broken: diagnostic)
    }
}

/// A tree of one hole, for a text that cannot be read at all.
func unreadable(_ source: Source, _ diagnostic: Diagnostic) -> SyntaxResult {
    var builder = SyntaxTreeBuilder(source: source, limits: SyntaxLimits())
    return (builder.finish(at: 0, complete: false), [diagnostic])
}

private struct JSONSyntaxReader: JSONVisitor {
    var builder: SyntaxTreeBuilder
    private var stopped: Diagnostic?
    /// Where unreadable bytes begin: a number that ends there may go on.
    private var brokenAt: Int?
    /// Where each open array or object began, for the message on one that never ends.
    private var openings: [Int] = []

    init(builder: SyntaxTreeBuilder) { self.builder = builder }

    /// - Parameter broken: what ends `bytes` early; then a syntax error at the very end is its consequence.
    mutating func read(_ bytes: [UInt8], broken: Diagnostic?) -> SyntaxResult {
        brokenAt = broken == nil ? nil : bytes.count
        do throws(JSONError) {
            try JSONReader.read(bytes, into: &self)
            let tree = builder.finish(at: bytes.count, complete: true, isJSON: true)
            return (tree, builder.diagnostics + (broken.map { [$0] } ?? []))
        } catch {
            let offset = min(error.offset, bytes.count)
            let diagnostic = stopped ?? broken ?? syntaxError(error.message, at: offset)
            let tree = builder.finish(at: offset, complete: builder.isClosed, isJSON: true)
            return (tree, builder.diagnostics + [diagnostic])
        }
    }

    private func syntaxError(_ message: String, at offset: Int) -> Diagnostic {
        let source = builder.source
        var secondary: [Label] = []
        if offset >= source.bytes.count, let opening = openings.last {
            secondary.append(Label(Span(source, opening..<opening + 1), "opened here and never closed"))
        }
        return Diagnostic(
            .invalidSyntax, "invalid JSON: \(message)", at: source.characterSpan(at: offset), secondary: secondary)
    }

    /// Runs a step of the builder; a limit ends the reader with an error that stands for the builder's diagnostic.
    private mutating func step(
        at offset: Int, _ body: (inout SyntaxTreeBuilder) throws(ReadingStopped) -> Void
    ) throws(JSONError) {
        do throws(ReadingStopped) {
            try body(&builder)
        } catch {
            stopped = error.diagnostic
            throw JSONError(error.diagnostic.headline, at: offset)
        }
    }

    private mutating func open(_ kind: SyntaxTree.Kind, at offset: Int) throws(JSONError) {
        openings.append(offset)
        try step(at: offset) { (builder) throws(ReadingStopped) in
            try builder.open(kind, style: .flow, range: offset..<offset + 1)
        }
    }

    mutating func beginObject(at offset: Int) throws(JSONError) { try open(.mapping, at: offset) }
    mutating func beginArray(at offset: Int) throws(JSONError) { try open(.sequence, at: offset) }

    mutating func endObject(at end: Int) {
        openings.removeLast()
        builder.close(at: end)
    }

    mutating func endArray(at end: Int) { endObject(at: end) }

    mutating func key(_ text: String, range: Range<Int>) throws(JSONError) {
        try step(at: range.lowerBound) { (builder) throws(ReadingStopped) in
            try builder.scalar(text, style: .doubleQuoted, range: range)
        }
    }

    mutating func scalar(_ value: JSONValue, range: Range<Int>) throws(JSONError) {
        if range.upperBound == brokenAt { throw JSONError("the text ends in the middle", at: range.lowerBound) }
        try step(at: range.lowerBound) { (builder) throws(ReadingStopped) in
            if case .string(let text) = value {
                try builder.scalar(text, style: .doubleQuoted, range: range)
            } else {
                let text = String(decoding: builder.source.bytes[range], as: UTF8.self)
                try builder.scalar(text, style: .plain, range: range)
            }
        }
    }
}
