internal import ImflowPlan

/// Where the characters, words or lines of a text are, without the white space or line end after them.
enum TextSegments {
    static func ranges(of bytes: [UInt8], by unit: SequenceUnit) -> [Range<Int>] {
        var out: [Range<Int>] = []
        var start: Int?
        func close(at end: Int) {
            if let from = start { out.append(from..<end) }
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
}
