internal import ImflowPlan

/// A text cut into windows of segments. A segment is a Unicode scalar (what language models' tool kits count; grapheme
/// clusters would change with Unicode's version), a word with the white space after it, or a line with its end; white
/// space before the first word belongs to it. So the segments' texts are the text, whole, and the windows' repeat
/// exactly the overlap. A text of white space alone has no words.
struct TextWindows {
    struct Window: Equatable {
        /// In segments, half-open.
        var start: Int
        var end: Int
        /// How many segments at the start the window before has too.
        var overlap: Int
        var text: String
    }

    private let bytes: [UInt8]
    private let unit: SequenceUnit

    init(_ text: String, unit: SequenceUnit) {
        bytes = Array(text.utf8)
        self.unit = unit
    }

    /// Windows of `length` segments, each `length - overlap` after the one before; the last may be shorter. Needs
    /// 0 ≤ overlap < length. Nil when there would be more than `limit`, or more than `byteLimit` bytes of text in them.
    func windows(length: Int, overlap: Int, limit: Int, byteLimit: Int) -> [Window]? {
        let step = length - overlap
        var starts: [Int] = []
        var ends: [Int] = []
        var count = 0
        forEachSegment { offset in
            if count % step == 0 { starts.append(offset) }
            if count >= length, (count - length) % step == 0 { ends.append(offset) }
            count += 1
            return starts.count <= limit + overlap / step + 1
        }
        guard count > 0 else { return [] }
        var windows: [Window] = []
        var size = 0
        for (index, first) in starts.enumerated() {
            let start = index * step
            let isLast = count - start <= length
            let last = isLast ? bytes.count : ends[index]
            size += last - first
            if windows.count == limit || size > byteLimit { return nil }
            let text = String(decoding: bytes[(index == 0 ? 0 : first)..<last], as: UTF8.self)
            let end = isLast ? count : start + length
            windows.append(Window(start: start, end: end, overlap: index == 0 ? 0 : overlap, text: text))
            if isLast { break }
        }
        return windows
    }

    /// Hands over the offset of each segment's first byte, until `body` answers false.
    private func forEachSegment(_ body: (Int) -> Bool) {
        var insideWord = false
        var lineStarts = true
        for (offset, scalar) in ScalarOffsets(bytes: bytes) {
            let starts: Bool
            switch unit {
            case .chars: starts = true
            case .lines:
                starts = lineStarts
                lineStarts = scalar == "\n"
            case .words:
                let space = scalar.properties.isWhitespace
                starts = !space && !insideWord
                insideWord = !space
            }
            if starts, !body(offset) { return }
        }
    }
}
