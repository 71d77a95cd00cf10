import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

/// Texts that are cut by reference have the parts that they have in memory.
@Suite struct LargeTextTests {
    private static let alphabet = ["a", "bc", "é", "🦊", " ", " ", "\n", "\n", "\r\n", "\r", "\u{3000}", "\t"]

    @Test func partsAreThoseOfTheTextInMemory() throws {
        let room = try DataRoom()
        var random = SplitMix(state: 5)
        for round in 0..<250 {
            let text = (0..<Int.random(in: 0...50, using: &random)).map { _ in
                Self.alphabet.randomElement(using: &random) ?? ""
            }.joined()
            let isMarked = Bool.random(using: &random)
            let path = try room.write((isMarked ? "\u{FEFF}" : "") + text, to: "t\(round).txt")
            let large = LargeText(path: path, name: "t.txt", pieceSize: Int.random(in: 4...12, using: &random))
            let bytes = Array(((isMarked ? "\u{FEFF}" : "") + text).utf8)
            func texts(_ parts: [LargeText.Part]) -> [[UInt8]] {
                parts.map { Array(bytes[Int($0.bytes.lowerBound)..<Int($0.bytes.upperBound)]) }
            }
            let lines = try #require(try large.parts(by: SplitPlan(mode: .lines), limit: 100))
            #expect(texts(lines) == TextLines.lines(of: text, limit: 100)?.map { Array($0.utf8) })

            let length = Int.random(in: 1...6, using: &random)
            let overlap = Int.random(in: 0..<length, using: &random)
            for unit in SequenceUnit.allCases {
                let plan = SplitPlan(
                    mode: .sequence, sequenceLength: length, sequenceOverlap: overlap, sequenceUnit: unit)
                let parts = try #require(try large.parts(by: plan, limit: 100))
                let windows = try #require(
                    TextWindows(text, unit: unit).windows(length: length, overlap: overlap, limit: 100, byteLimit: 9999))
                #expect(texts(parts) == windows.map { Array($0.text.utf8) })
                #expect(parts.map { $0.geometry["start"]?.intValue } == windows.map(\.start))
                #expect(parts.map { $0.geometry["end"]?.intValue } == windows.map(\.end))
                #expect(parts.map { $0.geometry["overlap"]?.intValue } == windows.map(\.overlap))
            }
        }
    }

    @Test func limitsHold() throws {
        let room = try DataRoom()
        let large = LargeText(path: try room.write("a\nb\nc\n", to: "t.txt"), name: "t.txt")
        #expect(try large.parts(by: SplitPlan(mode: .lines), limit: 3)?.count == 3)
        #expect(try large.parts(by: SplitPlan(mode: .lines), limit: 2) == nil)
        let one = SplitPlan(mode: .sequence, sequenceLength: 1)
        #expect(try large.parts(by: one, limit: 3)?.count == 3)
        #expect(try large.parts(by: one, limit: 2) == nil)
    }

    /// More than is held in memory: the units name their lines, and each becomes a small file when it is called.
    @Test func aLargeFileIsSplitByReference() async throws {
        let room = try DataRoom()
        let line = String(repeating: "word ", count: 400_000)
        let text = (0..<35).map { "\($0) " + line + "\n" }.joined()
        let file = try room.stored(text, as: "log.txt")
        let (_, shards) = try await room.split(["log_url": .string(file)], SplitPlan(mode: .lines))
        let units = Array(shards.joined())
        #expect(units.count == 35)
        let folder = try room.folder("work")
        let staged = try await room.staging.stage(StagedUnit(input: [:], unit: units[7]), into: folder, guestFolder: "/w")
        #expect(staged == ["log_url": "file:///w/log.txt"])
        let bytes = try ImageFile.reading(folder + "/log.txt", name: "log.txt")
        #expect(bytes.size == Int64(2 + line.utf8.count))
        #expect(try bytes.bytes(at: 0, count: 12) == Array("7 word word ".utf8))
    }
}
