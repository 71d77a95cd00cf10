internal import ImflowPlan

/// A text in memory, cut into windows of segments, as ``SegmentMarks`` has them. So the segments' texts are the text, whole,
/// and the windows' repeat exactly the overlap. A text of white space alone has no words.
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
        var marks = SegmentMarks(unit: unit, length: length, overlap: overlap, limit: limit)
        guard bytes.withUnsafeBufferPointer({ marks.take($0, at: 0) }),
            let found = marks.windows(end: Int64(bytes.count)), found.reduce(0, { $0 + $1.bytes.count }) <= byteLimit
        else { return nil }
        return found.map { window in
            let text = String(decoding: bytes[Int(window.bytes.lowerBound)..<Int(window.bytes.upperBound)], as: UTF8.self)
            return Window(start: window.start, end: window.end, overlap: window.overlap, text: text)
        }
    }
}
