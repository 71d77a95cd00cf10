internal import ImflowPlan

/// Where the windows of a text begin and end, found in one pass over its bytes, piece by piece. A segment is a Unicode
/// scalar (what language models' tool kits count; grapheme clusters would change with Unicode's version), a word with the
/// white space after it, or a line with its end; white space before the first word belongs to it.
struct SegmentMarks {
    struct Window: Equatable {
        /// In segments, half-open.
        var start: Int
        var end: Int
        /// How many segments at the start the window before has too.
        var overlap: Int
        var bytes: Range<Int64>
    }

    private let unit: SequenceUnit
    private let length: Int
    private let overlap: Int
    private let limit: Int
    /// Of the segments that a window begins with, and of those that follow one.
    private var starts: [Int64] = []
    private var ends: [Int64] = []
    private var count = 0
    private var isInsideWord = false
    private var isLineStart = true
    /// Where the text begins.
    private var first: Int64?

    /// Windows of `length` segments, each `length - overlap` after the one before; the last may be shorter. Needs
    /// 0 ≤ overlap < length.
    init(unit: SequenceUnit, length: Int, overlap: Int, limit: Int) {
        (self.unit, self.length, self.overlap, self.limit) = (unit, length, overlap, limit)
    }

    private var step: Int { length - overlap }

    /// Takes whole scalars of valid UTF-8, which stand at `offset`. False: there are more windows than the limit.
    mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int64) -> Bool {
        first = first ?? offset
        for (place, scalar) in ScalarOffsets(bytes: Array(bytes)) where beginsSegment(scalar) {
            if count % step == 0 { starts.append(offset + Int64(place)) }
            if count >= length, (count - length) % step == 0 { ends.append(offset + Int64(place)) }
            count += 1
            if starts.count > limit + overlap / step + 1 { return false }
        }
        return true
    }

    private mutating func beginsSegment(_ scalar: Unicode.Scalar) -> Bool {
        switch unit {
        case .chars: return true
        case .lines:
            defer { isLineStart = scalar == "\n" }
            return isLineStart
        case .words:
            let isSpace = scalar.properties.isWhitespace
            defer { isInsideWord = !isSpace }
            return !isSpace && !isInsideWord
        }
    }

    /// The windows of the text, which ends at `end`; nil when there are more than the limit.
    func windows(end: Int64) -> [Window]? {
        guard count > 0 else { return [] }
        var windows: [Window] = []
        for (index, place) in starts.enumerated() {
            if windows.count == limit { return nil }
            let start = index * step
            let isLast = count - start <= length
            windows.append(
                Window(
                    start: start, end: isLast ? count : start + length, overlap: index == 0 ? 0 : overlap,
                    bytes: (index == 0 ? first ?? 0 : place)..<(isLast ? end : ends[index])))
            if isLast { break }
        }
        return windows
    }
}
