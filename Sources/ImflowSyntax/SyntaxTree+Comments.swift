package import ImflowDiagnostics

extension SyntaxTree {
    /// The comments whose text, after `#` and blanks, begins with `prefix`, in order; each reaches from its `#` to the
    /// end of its line. A `#` inside a quoted scalar or in the text of a block scalar begins none.
    /// At most `limit` of them.
    package func comments(startingWith prefix: String, limit: Int = .max) -> [Span] {
        let bytes = source.bytes
        let textStart = bytes.starts(with: TextCheck.byteOrderMark) ? TextCheck.byteOrderMark.count : 0
        var spans: [Span] = []
        var from = 0
        while spans.count < limit, let mark = bytes[from...].firstIndex(of: UInt8(ascii: "#")) {
            from = mark + 1
            let isAfterBlank = mark == textStart || (mark > 0 && [0x20, 0x09, 0x0A, 0x0D].contains(bytes[mark - 1]))
            let text = bytes[from...].drop { $0 == 0x20 || $0 == 0x09 }
            guard isAfterBlank, text.starts(with: prefix.utf8), !isText(mark) else { continue }
            from = source.lineRange(source.position(of: mark).line).upperBound
            spans.append(Span(source, mark..<from))
        }
        return spans
    }

    /// Whether a byte belongs to a scalar. What stands behind a block scalar's `|` or `>` in its line does not.
    private func isText(_ offset: Int) -> Bool {
        // Records are in document order and scalars disjoint: only the last one that begins before can reach so far.
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if Int(records[middle].start) <= offset { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        let record = records[low - 1]
        guard record.kind == .scalar, offset < Int(record.end) else { return false }
        let isBlock = record.style == .literal || record.style == .folded
        return !isBlock || source.position(of: Int(record.start)).line != source.position(of: offset).line
    }
}
