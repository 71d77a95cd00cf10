package import ImflowDiagnostics

/// A value and where its author wrote it.
package struct Located<Value: Sendable>: Sendable {
    package var value: Value
    /// The value's own place.
    package var span: Span
    /// The place of the key it stands under; equals ``span`` for items of a list.
    package var keySpan: Span

    package init(_ value: Value, at span: Span, key: Span? = nil) {
        self.value = value
        self.span = span
        keySpan = key ?? span
    }

    /// The same place, another value.
    package func map<New: Sendable>(_ transform: (Value) -> New) -> Located<New> {
        Located<New>(transform(value), at: span, key: keySpan)
    }
}

extension Located: Equatable where Value: Equatable {}
