import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// Texts of windows that overlap, put together.
@Suite struct TextAlignmentTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    private func joined(_ texts: [String], overlap: Int, _ unit: SequenceUnit = .words) throws -> String? {
        let split = SplitPlan(mode: .sequence, sequenceLength: 2 * overlap, sequenceOverlap: overlap, sequenceUnit: unit)
        return try room.merge(MergePlan(strategy: .concatText), of: texts.map { .string($0) }, split: split).stringValue
    }

    /// What a model says of two windows, and what is to be read.
    @Test(arguments: [
        // Other case and punctuation; a word that the end of the window cut.
        (
            ["Yesterday we went to the market in the morn", "To the market, in the morning we bought bread."],
            "Yesterday we went to the market in the morning we bought bread."
        ),
        // A word more on one side, a word fewer on the other.
        (
            ["she said that he would never really come home", "he would never come home again, and sat down"],
            "she said that he would never come home again, and sat down"
        ),
        // A wrong first word: a run that ends the one and starts the other is not enough to go by.
        (
            ["and so the cat sat on a mat", "mat the cat sat on the mat and slept all day"],
            "and so the cat sat on the mat and slept all day"
        ),
        // Nothing in common.
        (["one two three four five six", "seven eight nine ten eleven"], "one two three four five six seven eight nine ten eleven"),
        // One common word by chance.
        (["up the hill they went on the road", "under the sea there are fish"],
         "up the hill they went on the road under the sea there are fish"),
        // Copies.
        (["a b c d e f g h", "c d e f g h i j", "e f g h i j k"], "a b c d e f g h i j k"),
        // Three windows.
        (
            ["it was a bright cold day in april, and", "Day in April and the clocks were striking", "the clock were striking thirteen."],
            "it was a bright cold day in april, and the clocks were striking thirteen."
        ),
    ])
    func wordsOfWindowsThatOverlap(texts: [String], expected: String) throws {
        #expect(try joined(texts, overlap: 6) == expected)
    }

    @Test func linesAndCharacters() throws {
        #expect(
            try joined(["one\nTwo.\nthree\nfour!", "two\nthree\nFour\nfive\n"], overlap: 3, .lines)
                == "one\nTwo.\nthree\nFour\nfive\n")
        #expect(
            try joined(["the quick brown fox junps", "brown fox jumps over"], overlap: 15, .chars)
                == "the quick brown fox jumps over")
        #expect(try joined(["abcdef", "xyzuvw"], overlap: 3, .chars) == "abcdefxyzuvw")
    }

    @Test func longOverlapsAreComparedAsTheyAre() throws {
        let words = (0..<9000).map { "w\($0)" }
        let texts = [words[..<6000], words[3000...]].map { $0.joined(separator: " ") }
        #expect(try joined(texts, overlap: 3000) == words.joined(separator: " "))
        let other = texts[1].replacing("w3001 ", with: "x ")
        #expect(try joined([texts[0], other], overlap: 3000) == texts[0] + " " + other)
    }

    /// Every third word of the second window is another: what remains is each word of the text once, in order.
    @Test func drawnTextsLoseNoWordAndRepeatNone() throws {
        var random = SplitMix(state: 3)
        for _ in 0..<60 {
            let overlap = Int.random(in: 4...40, using: &random)
            let words = (0..<(4 * overlap)).map { "w\($0)" }
            var right = Array(words[(2 * overlap)...])
            let left = words[..<(3 * overlap)].joined(separator: " ")
            for place in stride(from: Int.random(in: 0...2, using: &random), to: overlap, by: 3) {
                right[place] = "other"
            }
            let found = try #require(try joined([left, right.joined(separator: " ")], overlap: overlap))
                .split(separator: " ").map(String.init)
            #expect(found.count == words.count)
            #expect(zip(found, words).allSatisfy { $0 == $1 || $0 == "other" })
        }
    }
}
