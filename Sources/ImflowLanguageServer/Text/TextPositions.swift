package import ImflowDiagnostics
package import ImflowJSON

/// In what a client counts the characters of a line (LSP 3.17, "PositionEncodingKind").
package enum PositionEncoding: String, Sendable {
    case utf8 = "utf-8"
    case utf16 = "utf-16"

    /// The one to use with a client that offers these: UTF-8, which needs no counting, else what every client knows.
    package init(offered: [String]) { self = offered.contains(Self.utf8.rawValue) ? .utf8 : .utf16 }

    /// How many units the byte adds to its character.
    fileprivate func units(_ byte: UInt8) -> Int {
        switch self {
        case .utf8: 1
        // The first byte of a character counts for all of it; four bytes are a surrogate pair.
        case .utf16: byte & 0xC0 == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1
        }
    }
}

/// Converts between byte offsets of a text and a client's positions, both from 0.
package struct TextPositions: Sendable {
    package let source: Source
    package let encoding: PositionEncoding

    /// The units before every ``stride``-th byte; empty: they are counted from the line's start.
    private let counts: [Int]
    private static let stride = 1024

    /// - Parameter isIndexed: whether many positions are to be asked, so that long lines are worth an index.
    package init(_ source: Source, _ encoding: PositionEncoding, isIndexed: Bool = false) {
        self.source = source
        self.encoding = encoding
        var counts: [Int] = []
        if isIndexed {
            var count = 0
            for (offset, byte) in source.bytes.enumerated() {
                if offset % Self.stride == 0 { counts.append(count) }
                count += encoding.units(byte)
            }
        }
        self.counts = counts
    }

    /// The units of the bytes before `offset`, counted from the text's start or, without an index, from `start`.
    private func units(before offset: Int, from start: Int) -> Int {
        guard !counts.isEmpty else { return source.bytes[start..<offset].reduce(0) { $0 + encoding.units($1) } }
        let index = min(offset / Self.stride, counts.count - 1)
        return source.bytes[index * Self.stride..<offset].reduce(counts[index]) { $0 + encoding.units($1) }
    }

    /// The bytes of a line, from 0, without its line break.
    package func line(_ line: Int) -> Range<Int> {
        let bytes = source.bytes
        guard line >= 0, line < source.lineStarts.count else { return bytes.count..<bytes.count }
        let start = source.lineStarts[line]
        var end = line + 1 < source.lineStarts.count ? source.lineStarts[line + 1] : bytes.count
        if end > start, bytes[end - 1] == 0x0A { end -= 1 }
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        return start..<end
    }

    /// The byte offset of a position. Beyond a line's end is its end, as the protocol says; beyond the last line the
    /// end of the text; within a character its start.
    package func offset(line: Int, character: Int) -> Int {
        let range = self.line(line)
        var start = range.lowerBound
        var count = 0
        while start < range.upperBound {
            var end = start + 1
            while end < range.upperBound, source.bytes[end] & 0xC0 == 0x80 { end += 1 }
            count += source.bytes[start..<end].reduce(0) { $0 + encoding.units($1) }
            if count > character { break }
            start = end
        }
        return start
    }

    /// The 0-based line of a byte offset.
    package func line(of offset: Int) -> Int {
        var low = 0
        var high = source.lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if source.lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// The position of a byte offset.
    package func position(of offset: Int) -> (line: Int, character: Int) {
        let line = line(of: offset)
        let range = self.line(line)
        let end = min(max(offset, range.lowerBound), range.upperBound)
        let start = range.lowerBound
        return (line, units(before: end, from: start) - units(before: start, from: start))
    }

    /// A `Range` of the protocol.
    package func json(_ range: Range<Int>) -> JSONValue {
        func json(_ offset: Int) -> JSONValue {
            let (line, character) = position(of: offset)
            return ["line": .int(Int64(line)), "character": .int(Int64(character))]
        }
        return ["start": json(range.lowerBound), "end": json(range.upperBound)]
    }

    /// The byte offset of a `Position` of the protocol.
    package func offset(_ position: JSONValue?) throws(RPCError) -> Int {
        guard let line = position?["line"]?.intValue, let character = position?["character"]?.intValue, line >= 0,
            character >= 0
        else { throw RPCError(.invalidParams, "a position has a `line` and a `character`, both from 0") }
        return offset(line: line, character: character)
    }

    /// The byte range of a `Range` of the protocol; one that is turned around is taken as it was meant.
    package func range(_ range: JSONValue?) throws(RPCError) -> Range<Int> {
        let start = try offset(range?["start"])
        let end = try offset(range?["end"])
        return min(start, end)..<max(start, end)
    }
}
