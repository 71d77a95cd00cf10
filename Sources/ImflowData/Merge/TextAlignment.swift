/// Aligns the end of one text with the start of the next where both say the same, each in its own words: transcripts of
/// windows that overlap, for one.
///
/// Segments are compared without case and punctuation. The alignment is a dovetail (Gusfield, Algorithms on Strings, Trees
/// and Sequences, 1997, section 11.6.4): the end of the tail and the start of the head must be in it, what is before and
/// after costs nothing; a segment that both have counts 2, one that is different, missing or added −1. As stitchers of
/// long transcripts do, the cut is in the middle of what both have: at the edges of its window a model knows least.
struct TextAlignment {
    /// A longer overlap is only compared as it is: the time and memory of an alignment go with the square of it.
    static let overlapLimit = 2048

    private enum Step: UInt8 { case start, both, tail, head }

    /// Characters agree by chance more often than words or lines.
    let isOfCharacters: Bool

    /// The positions of a segment that both have, in the middle of all `count` of them; nil when too little agrees to say
    /// that both mean the same.
    func middle(tail: [String], head: [String]) -> (tail: Int, head: Int, count: Int)? {
        guard !tail.isEmpty, !head.isEmpty else { return nil }
        let (left, right) = Self.numbers(tail.map(normalized), head.map(normalized))
        let (steps, end) = table(left, right)
        var (row, column, length) = (left.count, end, 0)
        var matches: [(tail: Int, head: Int)] = []
        while let step = Step(rawValue: steps[row * (right.count + 1) + column]), step != .start {
            length += 1
            if step == .both, left[row - 1] == right[column - 1] { matches.append((row - 1, column - 1)) }
            if step != .head { row -= 1 }
            if step != .tail { column -= 1 }
        }
        let isEnough =
            isOfCharacters
            ? matches.count >= 8 && matches.count * 3 > length * 2 : matches.count >= 2 && matches.count * 2 > length
        guard isEnough else { return nil }
        // They were met from the end on.
        let middle = matches[(matches.count - 1) / 2]
        return (middle.tail, middle.head, matches.count)
    }

    /// The best steps to each place, row by row, and the best place to end at: of equal ones the one that leaves out the
    /// least of the head.
    private func table(_ left: [Int], _ right: [Int]) -> (steps: [UInt8], end: Int) {
        let width = right.count + 1
        var steps = [UInt8](repeating: Step.start.rawValue, count: (left.count + 1) * width)
        var above = (0..<width).map { -$0 }
        for column in 1..<width { steps[column] = Step.head.rawValue }
        for row in 1...left.count {
            var scores = [Int](repeating: 0, count: width)
            for column in 1..<width {
                let both = above[column - 1] + (left[row - 1] == right[column - 1] ? 2 : -1)
                let best = max(both, above[column] - 1, scores[column - 1] - 1)
                scores[column] = best
                let step: Step = best == both ? .both : best == above[column] - 1 ? .tail : .head
                steps[row * width + column] = step.rawValue
            }
            above = scores
        }
        let most = above.max() ?? 0
        return (steps, above.firstIndex(of: most) ?? 0)
    }

    /// The same number for the same text.
    private static func numbers(_ left: [String], _ right: [String]) -> ([Int], [Int]) {
        var known: [String: Int] = [:]
        func number(_ text: String) -> Int {
            if let number = known[text] { return number }
            known[text] = known.count
            return known.count - 1
        }
        return (left.map(number), right.map(number))
    }

    /// Without case and punctuation; what is nothing but punctuation stays.
    private func normalized(_ segment: String) -> String {
        let lower = segment.lowercased()
        var bare = String.UnicodeScalarView()
        for scalar in lower.unicodeScalars where !Self.isPunctuation(scalar) { bare.append(scalar) }
        return bare.isEmpty ? lower : String(bare)
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }
}
