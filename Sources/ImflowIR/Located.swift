package import ImflowDiagnostics

/// A value and where its author wrote it.
package struct Located<Value: Sendable>: Sendable {
    package var value: Value
    private let source: Source
    // Texts are far smaller than 4 GiB, and there are very many places.
    private let start: UInt32
    private let end: UInt32
    private let keyStart: UInt32
    private let keyEnd: UInt32

    package init(_ value: Value, at span: Span, key: Span? = nil) {
        let keyRange = (key ?? span).range
        self.value = value
        source = span.source
        start = UInt32(clamping: span.range.lowerBound)
        end = UInt32(clamping: span.range.upperBound)
        keyStart = UInt32(clamping: keyRange.lowerBound)
        keyEnd = UInt32(clamping: keyRange.upperBound)
    }

    /// The value's own place.
    package var span: Span { Span(source, Int(start)..<Int(end)) }
    /// The place of the key it stands under; equals ``span`` for items of a list.
    package var keySpan: Span { Span(source, Int(keyStart)..<Int(keyEnd)) }

    /// The same place, another value.
    package func map<New: Sendable>(_ transform: (Value) -> New) -> Located<New> {
        Located<New>(transform(value), at: span, key: keySpan)
    }
}

extension Located: Equatable where Value: Equatable {
    package static func == (left: Located, right: Located) -> Bool {
        left.value == right.value && left.span == right.span && left.keySpan == right.keySpan
    }
}
