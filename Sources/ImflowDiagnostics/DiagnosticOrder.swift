extension Sequence<Diagnostic> {
    /// In the order of a report: by file name, place and code; findings that are equal in all but order appear once.
    package func sortedForReport() -> [Diagnostic] {
        let sorted = enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.primary.span.source.name != b.primary.span.source.name {
                return a.primary.span.source.name < b.primary.span.source.name
            }
            let first = (a.primary.span.range.lowerBound, a.code.number, a.primary.span.range.upperBound, left.offset)
            let second = (b.primary.span.range.lowerBound, b.code.number, b.primary.span.range.upperBound, right.offset)
            return first < second
        }
        var result: [Diagnostic] = []
        for (_, diagnostic) in sorted {
            // Equal findings stand in one run of equal place and code.
            let isRepeated = result.reversed().prefix { $0.isBeside(diagnostic) }.contains(diagnostic)
            if !isRepeated { result.append(diagnostic) }
        }
        return result
    }
}

extension Diagnostic {
    fileprivate func isBeside(_ other: Diagnostic) -> Bool {
        primary.span == other.primary.span && code == other.code
    }
}

extension Span {
    /// The 1-based line and column where the span begins.
    package var start: (line: Int, column: Int) { source.position(of: range.lowerBound) }

    /// The 1-based line and column just past the span's last character.
    package var end: (line: Int, column: Int) { source.position(of: range.upperBound) }
}
