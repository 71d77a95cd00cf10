internal import ImflowPlan

/// A text that grows by texts which may repeat its end.
struct TextJoin {
    private let unit: SequenceUnit
    private let overlap: Int
    private var bytes: [UInt8] = []
    /// The end of the last text: the characters, words or lines that the next one may repeat, without the white space
    /// or line end after them.
    private var tail: [ArraySlice<UInt8>] = []

    /// At most `overlap` characters, words or lines are repeated.
    init(unit: SequenceUnit, overlap: Int) {
        self.unit = unit
        self.overlap = max(overlap, 0)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Adds `text`, less the longest run of segments that it repeats when it is the last text's neighbour.
    mutating func append(_ text: String, isNeighbour: Bool) {
        let new = Array(text.utf8)
        let segments = segments(of: new)
        let head = segments.prefix(overlap)
        let repeated = isNeighbour ? Self.longestOverlap(tail: tail, head: Array(head)) : 0
        tail = Array(segments.suffix(overlap))
        if repeated > 0 {
            dropSeparator()
            bytes += new[segments[repeated - 1].endIndex...]
        } else {
            if needsSeparator(before: new) { bytes.append(unit == .lines ? 0x0A : 0x20) }
            bytes += new
        }
    }

    /// The repeated segment's own white space comes with the new text.
    private mutating func dropSeparator() {
        switch unit {
        case .chars: break
        case .words:
            while let scalar = Self.lastScalar(of: bytes), scalar.properties.isWhitespace {
                bytes.removeLast(UTF8.width(scalar))
            }
        case .lines:
            if bytes.last == 0x0A { bytes.removeLast() }
        }
    }

    private func needsSeparator(before new: [UInt8]) -> Bool {
        guard !bytes.isEmpty, !new.isEmpty else { return false }
        switch unit {
        case .chars: return false
        case .lines: return bytes.last != 0x0A
        case .words:
            let before = Self.lastScalar(of: bytes)?.properties.isWhitespace ?? false
            let after = String(decoding: new.prefix(4), as: UTF8.self).unicodeScalars.first?.properties.isWhitespace
            return !before && !(after ?? false)
        }
    }

    private static func lastScalar(of bytes: [UInt8]) -> Unicode.Scalar? {
        let start = bytes.suffix(4).lastIndex { $0 & 0xC0 != 0x80 } ?? bytes.endIndex
        return String(decoding: bytes[start...], as: UTF8.self).unicodeScalars.first
    }

    private func segments(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var out: [ArraySlice<UInt8>] = []
        var start: Int?
        func close(at end: Int) {
            if let from = start { out.append(bytes[from..<end]) }
            start = nil
        }
        for (offset, scalar) in ScalarOffsets(bytes: bytes) {
            switch unit {
            case .chars:
                close(at: offset)
                start = offset
            case .words:
                if scalar.properties.isWhitespace { close(at: offset) } else if start == nil { start = offset }
            case .lines:
                if start == nil { start = offset }
                if scalar == "\n" { close(at: offset) }
            }
        }
        close(at: bytes.count)
        return out
    }

    /// How many elements at the end of `tail` are the start of `head`, at most: by the failure function of
    /// Knuth, Morris and Pratt, in linear time.
    static func longestOverlap<Element: Equatable>(tail: [Element], head: [Element]) -> Int {
        guard !head.isEmpty else { return 0 }
        var failure = [0]
        func advance(_ matched: Int, _ element: Element) -> Int {
            var matched = matched
            while matched > 0, matched == head.count || head[matched] != element { matched = failure[matched - 1] }
            return head[matched] == element ? matched + 1 : matched
        }
        for element in head.dropFirst() {
            let next = advance(failure[failure.count - 1], element)
            failure.append(next)
        }
        return tail.reduce(0) { advance($0, $1) }
    }
}
