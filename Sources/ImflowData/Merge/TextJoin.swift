internal import ImflowPlan

/// How the texts of neighbouring units are put together. What is done between two texts depends on these two alone.
struct TextJoin {
    /// What is between two texts.
    struct Seam: Equatable {
        /// How many bytes of the left text stay.
        var keep: Int
        var separator: String
        /// How many bytes of the right text are left out.
        var skip: Int
    }

    private enum Way {
        /// One after the other.
        case plain
        /// Each text is a line.
        case lines
        /// At most so many characters, words or lines are said twice.
        case overlapping(SequenceUnit, Int)
    }
    private let way: Way

    init(_ split: SplitPlan) {
        switch split.mode {
        case .lines: way = .lines
        case .sequence: way = .overlapping(split.sequenceUnit, max(split.sequenceOverlap, 0))
        default: way = .plain
        }
    }

    /// Whether a text without characters is as if it were not there.
    var skipsEmptyTexts: Bool { if case .lines = way { false } else { true } }

    /// `areNeighbours`: no unit is missing between the two; across a hole nothing is said twice.
    func seam(_ left: [UInt8], _ right: [UInt8], areNeighbours: Bool) -> Seam {
        switch way {
        case .plain: return Seam(keep: left.count, separator: "", skip: 0)
        case .lines: return Seam(keep: end(of: left), separator: "\n", skip: 0)
        case .overlapping(let unit, let overlap):
            if areNeighbours, overlap > 0, let seam = Self.repetition(left, right, unit, overlap) { return seam }
            return Seam(keep: left.count, separator: Self.separator(left, right, unit), skip: 0)
        }
    }

    /// How much of the last text stays.
    func end(of text: [UInt8]) -> Int {
        guard case .lines = way, text.last == 0x0A else { return text.count }
        return text.count - (text.dropLast().last == 0x0D ? 2 : 1)
    }

    /// What both texts have, if that can be told.
    ///
    /// Copies are found first: when the whole overlap is the same, byte for byte. Else texts that say it in different
    /// words are aligned; and when that finds no more than it, the longest run that ends the one and starts the other.
    private static func repetition(_ left: [UInt8], _ right: [UInt8], _ unit: SequenceUnit, _ overlap: Int) -> Seam? {
        let before = TextSegments.ranges(of: left, by: unit)
        let after = TextSegments.ranges(of: right, by: unit)
        let tail = before.suffix(overlap), head = after.prefix(overlap)
        let repeated = longestOverlap(tail: tail.map { left[$0] }, head: head.map { right[$0] })
        if repeated < min(tail.count, head.count),
            let match = alignment(left, before, right, after, unit, overlap), match.count > repeated
        {
            return Seam(keep: before[match.left].upperBound, separator: "", skip: after[match.right].upperBound)
        }
        guard repeated > 0, let last = before.last else { return nil }
        // The repeated segment's own white space comes with the right text.
        return Seam(keep: last.upperBound, separator: "", skip: after[repeated - 1].upperBound)
    }

    /// Positions of segments that both have, in the middle of what is said twice.
    private static func alignment(
        _ left: [UInt8], _ before: [Range<Int>], _ right: [UInt8], _ after: [Range<Int>], _ unit: SequenceUnit,
        _ overlap: Int
    ) -> (left: Int, right: Int, count: Int)? {
        guard overlap <= TextAlignment.overlapLimit else { return nil }
        // A model may say it in more words than it was given.
        let region = overlap + max(overlap / 2, 2)
        let tail = before.suffix(region), head = after.prefix(region)
        func texts(_ bytes: [UInt8], _ ranges: some Sequence<Range<Int>>) -> [String] {
            ranges.map { String(decoding: bytes[$0], as: UTF8.self) }
        }
        guard
            let match = TextAlignment(isOfCharacters: unit == .chars).middle(
                tail: texts(left, tail), head: texts(right, head))
        else { return nil }
        return (tail.startIndex + match.tail, match.head, match.count)
    }

    /// Words and lines that a model stripped of the white space between windows are set apart again.
    private static func separator(_ left: [UInt8], _ right: [UInt8], _ unit: SequenceUnit) -> String {
        guard !left.isEmpty, !right.isEmpty else { return "" }
        switch unit {
        case .chars: return ""
        case .lines: return left.last == 0x0A ? "" : "\n"
        case .words:
            let start = left.suffix(4).lastIndex { $0 & 0xC0 != 0x80 } ?? left.endIndex
            let last = String(decoding: left[start...], as: UTF8.self).unicodeScalars.first
            let first = String(decoding: right.prefix(4), as: UTF8.self).unicodeScalars.first
            return last?.properties.isWhitespace == true || first?.properties.isWhitespace == true ? "" : " "
        }
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
