import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

@Suite struct SequenceTests {
    private func windows(_ text: String, _ unit: SequenceUnit, _ length: Int, _ overlap: Int) -> [String]? {
        TextWindows(text, unit: unit).windows(length: length, overlap: overlap, limit: 1000, byteLimit: 1 << 20)?
            .map(\.text)
    }

    @Test func wordsKeepTheirWhiteSpace() {
        #expect(windows("  a b\n\nc  d ", .words, 2, 0) == ["  a b\n\n", "c  d "])
        #expect(windows("a b c d e", .words, 3, 1) == ["a b c ", "c d e"])
        #expect(windows("a b c d e f", .words, 3, 2) == ["a b c ", "b c d ", "c d e ", "d e f"])
        #expect(windows("one", .words, 3, 1) == ["one"])
        #expect(windows("", .words, 3, 1) == [])
        #expect(windows(" \n ", .words, 3, 1) == [])
    }

    @Test func charactersAreUnicodeScalars() {
        #expect(windows("aé🦊b", .chars, 2, 0) == ["aé", "🦊b"])
        #expect(windows("e\u{301}x", .chars, 1, 0) == ["e", "\u{301}", "x"])
        #expect(windows("abcde", .chars, 3, 1) == ["abc", "cde"])
        #expect(windows("abcdef", .chars, 3, 1) == ["abc", "cde", "ef"])
        #expect(windows("abc", .chars, Int.max, 0) == ["abc"])
    }

    @Test func linesKeepTheirEnds() {
        #expect(windows("a\r\nb\n\nc", .lines, 2, 0) == ["a\r\n" + "b\n", "\nc"])
        #expect(windows("a\nb\nc\n", .lines, 2, 1) == ["a\nb\n", "b\nc\n"])
    }

    @Test func geometryCountsSegments() throws {
        let found = try #require(
            TextWindows("a b c d e f", unit: .words).windows(length: 4, overlap: 1, limit: 10, byteLimit: 100))
        #expect(found.map(\.start) == [0, 3])
        #expect(found.map(\.end) == [4, 6])
        #expect(found.map(\.overlap) == [0, 1])
    }

    @Test func limitsHold() {
        let text = String(repeating: "a ", count: 1000)
        #expect(TextWindows(text, unit: .words).windows(length: 1, overlap: 0, limit: 1000, byteLimit: 10_000) != nil)
        #expect(TextWindows(text, unit: .words).windows(length: 1, overlap: 0, limit: 999, byteLimit: 10_000) == nil)
        #expect(
            TextWindows(text, unit: .words).windows(length: 100, overlap: 99, limit: 1000, byteLimit: 10_000) == nil)
    }

    @Test(arguments: [
        ([], [], 0), ([1], [], 0), ([1, 2, 3], [3, 4], 1), ([1, 2, 1, 2], [1, 2, 1, 2], 4), ([1, 1, 1], [1, 1, 2], 2),
        ([1, 2, 3], [2, 3, 1], 2), ([5, 1, 2], [1, 2, 1, 2], 2), ([1, 2, 3], [4], 0),
    ])
    func theLongestOverlapIsFound(tail: [Int], head: [Int], count: Int) {
        #expect(TextJoin.longestOverlap(tail: tail, head: head) == count)
    }

    @Test func theLongestOverlapIsThatOfTheDefinition() {
        var random = SplitMix(state: 7)
        for _ in 0..<3000 {
            let tail = (0..<Int.random(in: 0...9, using: &random)).map { _ in Int.random(in: 0...1, using: &random) }
            let head = (0..<Int.random(in: 0...9, using: &random)).map { _ in Int.random(in: 0...1, using: &random) }
            let expected = (0...min(tail.count, head.count)).last { tail.suffix($0) == head.prefix($0) }
            #expect(TextJoin.longestOverlap(tail: tail, head: head) == expected)
        }
    }

    @Test(arguments: SequenceUnit.allCases)
    func whatIsCutIsJoinedAgain(unit: SequenceUnit) async throws {
        let room = try DataRoom()
        var random = SplitMix(state: 2024)
        let alphabet = ["a", "b", "ab", "é", "🦊", "e\u{301}", " ", " ", "\n", "\n", "\r\n", "\t", "\u{3000}", "."]
        for _ in 0..<150 {
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? ""
            }.joined()
            let length = Int.random(in: 1...9, using: &random)
            let plan = SplitPlan(
                mode: .sequence, sequenceLength: length, sequenceOverlap: Int.random(in: 0..<length, using: &random),
                sequenceUnit: unit, shardLimit: Int.random(in: 1...8, using: &random))
            let (_, shards) = try await room.split(["text": .string(text)], plan)
            let parts = try room.parts(shards) { $0.set["text"] }
            let merged = try room.merge(MergePlan(strategy: .concatText), parts, split: plan)
            let hasWords = text.unicodeScalars.contains { !$0.properties.isWhitespace }
            let expected = unit == .words && !hasWords ? "" : text
            #expect(
                merged.stringValue.map { Array($0.utf8) } == Array(expected.utf8), "\(plan) \(text.debugDescription)")
        }
    }

    @Test func aModelThatStripsItsTextIsJoinedReadably() throws {
        let room = try DataRoom()
        let words = SplitPlan(mode: .sequence, sequenceLength: 3, sequenceOverlap: 1)
        let text = MergePlan(strategy: .concatText)
        #expect(try room.merge(text, of: ["A B C", "C D E"], split: words) == "A B C D E")
        #expect(try room.merge(text, of: ["A B", "C D"], split: words) == "A B C D")
        #expect(try room.merge(text, of: ["A B", "B C", nil, nil, "C D"], split: words) == "A B C C D")
        var lines = words
        lines.sequenceUnit = .lines
        #expect(try room.merge(text, of: ["a\nb", "b\nc", "d"], split: lines) == "a\nb\nc\nd")
    }
}
