import ImflowDiagnostics

extension BlockOutline {
    /// Where `offset` stands. Nil: in a comment, in a text, or behind a value.
    func context(at offset: Int, in source: Source) -> CursorContext? {
        let bytes = source.bytes
        let positions = TextPositions(source, .utf8)
        let line = positions.line(positions.line(of: offset))
        let before = entries.lastIndex { $0.token.lowerBound <= offset }
        if let before {
            switch body(before, offset, bytes) {
            case .outside: break
            case .text: return nil
            case .brackets(let context): return context
            }
        }
        if isComment(offset, line, bytes) { return nil }
        if let before, line.contains(entries[before].token.lowerBound) { return beside(before, offset, bytes) }
        // Before the first `-` or key of the line.
        if let first = entries.firstIndex(where: { $0.token.lowerBound >= line.lowerBound }),
            entries[first].token.lowerBound < line.upperBound
        {
            return nil
        }
        return alone(offset, line, bytes)
    }

    private enum Body {
        case outside, text
        case brackets(CursorContext?)
    }

    /// In the brackets or the text block of an entry, or of one above it.
    private func body(_ index: Int, _ offset: Int, _ bytes: [UInt8]) -> Body {
        var current: Int? = index
        while let index = current {
            let entry = entries[index]
            if let end = entry.textEnd, offset > entry.value.upperBound, offset < end { return .text }
            if let first = entry.value.isEmpty ? nil : bytes[entry.value.lowerBound], Mark.isOpening(first) {
                let isClosed = Mark.isClosing(bytes[entry.value.upperBound - 1])
                let isInside = isClosed ? offset < entry.value.upperBound : offset <= entry.value.upperBound
                if offset > entry.value.lowerBound, isInside {
                    let found = FlowScanner.context(
                        at: offset, in: bytes, entry.value, base: path(index), isJSON: false)
                    return .brackets(found)
                }
            }
            current = entry.parent
        }
        return .outside
    }

    private func isComment(_ offset: Int, _ line: Range<Int>, _ bytes: [UInt8]) -> Bool {
        let valueEnd = entries.last { $0.token.lowerBound <= offset && $0.token.lowerBound >= line.lowerBound }?.value
        let from = max(line.lowerBound, valueEnd?.upperBound ?? line.lowerBound)
        guard from < offset else { return false }
        return bytes[from..<offset].indices.contains { index in
            bytes[index] == Mark.hash && (index == line.lowerBound || Mark.isBlank(bytes[index - 1]))
        }
    }

    /// On the key or the `-` at `index`, or behind it.
    private func beside(_ index: Int, _ offset: Int, _ bytes: [UInt8]) -> CursorContext? {
        let entry = entries[index]
        if case .key = entry.kind, offset <= entry.token.upperBound {
            var found = CursorContext(
                path: path(entry.parent), isKey: true, word: entry.word, token: entry.token, notation: .block)
            found.siblings = keys(under: entry.parent, besides: index)
            return found
        }
        guard entry.value.isEmpty else {
            let isInside = entry.value.lowerBound <= offset && offset <= entry.value.upperBound
            return isInside ? value(index, entry.value, bytes) : nil
        }
        // Right behind `:` or `-` there must be a blank first.
        guard offset > entry.token.upperBound, Mark.isBlank(bytes[offset - 1]) else { return nil }
        return value(index, offset..<offset, bytes)
    }

    private func value(_ index: Int, _ range: Range<Int>, _ bytes: [UInt8]) -> CursorContext {
        var word = range
        if let first = range.isEmpty ? nil : bytes[range.lowerBound], first == Mark.quote || first == Mark.apostrophe {
            let isClosed = range.count > 1 && bytes[range.upperBound - 1] == first
            word = range.lowerBound + 1..<range.upperBound - (isClosed ? 1 : 0)
        }
        var found = CursorContext(path: path(index), isKey: false, word: word, token: range, notation: .block)
        found.siblings = keys(under: index)
        return found
    }

    /// On a line without key and `-`: a key to be, if the indentation says so.
    private func alone(_ offset: Int, _ line: Range<Int>, _ bytes: [UInt8]) -> CursorContext? {
        let text = bytes[line].firstIndex { !Mark.isBlank($0) }
        var end = line.upperBound
        while end > line.lowerBound, Mark.isBlank(bytes[end - 1]) { end -= 1 }
        let word = text.map { $0..<end } ?? offset..<offset
        guard word.lowerBound <= offset, offset <= word.upperBound else { return nil }
        guard !bytes[word].contains(where: Mark.isBlank) else { return nil }
        let indent = word.lowerBound - line.lowerBound
        let parent: Int?
        switch self.parent(atIndent: indent, before: line.lowerBound) {
        case .nowhere: return nil
        case .root: parent = nil
        case .entry(let index): parent = index
        }
        var found = CursorContext(path: path(parent), isKey: true, word: word, notation: .block)
        found.siblings = keys(under: parent)
        return found
    }

    private enum Parent {
        case nowhere, root
        case entry(Int)
    }

    /// Under what a key in this column would stand.
    private func parent(atIndent indent: Int, before offset: Int) -> Parent {
        var current = entries.lastIndex { $0.token.lowerBound < offset }
        while let index = current, entries[index].indent >= indent { current = entries[index].parent }
        guard let index = current else { return .root }
        // What has a value of its own has no keys under it.
        return entries[index].value.isEmpty ? .entry(index) : .nowhere
    }
}
