import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

@Suite struct SegmentMergeTests {
    private static func unit(_ index: Int, _ start: Double, _ end: Double) -> Unit {
        Unit(
            geometry: [
                "index": .int(Int64(index)), "start": .number(start), "end": .number(end), "sample_rate": .int(16_000),
            ], set: [:])
    }

    private static func segment(_ start: Double, _ end: Double, _ text: String) -> JSONValue {
        ["start": .number(start), "end": .number(end), "text": .string(text)]
    }

    private static func merge(_ results: [(Unit, JSONValue)]) throws -> JSONValue {
        try SegmentMerge.merge(results.map { UnitResult(unit: $0.0, result: $0.1) })
    }

    @Test func timesAreMoved() throws {
        let merged = try Self.merge([
            (Self.unit(0, 0, 30), [Self.segment(0, 2.5, "a"), Self.segment(28, 30, "b")]),
            (Self.unit(1, 30, 60), [["start": 0, "end": 1, "words": [["start": 0.1, "end": 0.3, "word": "c"]]]]),
        ])
        #expect(
            merged == [
                Self.segment(0, 2.5, "a"), Self.segment(28, 30, "b"),
                ["start": 30, "end": 31, "words": [["start": 30.1, "end": 30.3, "word": "c"]]],
            ])
    }

    @Test func ofTwoWindowsTheNearerOneCounts() throws {
        // 0…30 and 28…58 share 28…30: up to 29 the first counts.
        let merged = try Self.merge([
            (Self.unit(0, 0, 30), [Self.segment(28.2, 28.9, "x"), Self.segment(29, 29.8, "y (cut)")]),
            (Self.unit(1, 28, 58), [Self.segment(0.2, 0.9, "x"), Self.segment(1, 1.9, "y"), Self.segment(5, 6, "z")]),
        ])
        #expect(merged.arrayValue?.map { $0["text"] ?? .null } == ["x", "y", "z"])
    }

    @Test func besideAHoleNothingIsLeftOut() throws {
        let merged = try Self.merge([
            (Self.unit(0, 0, 30), [Self.segment(29, 30, "last")]), (Self.unit(2, 56, 86), [Self.segment(0, 1, "first")]),
        ])
        #expect(merged.arrayValue?.map { $0["text"] ?? .null } == ["last", "first"])
    }

    @Test func answersOfRecognizersKeepTheirForm() throws {
        func answer(_ segments: [JSONValue], _ language: String) -> JSONValue {
            let numbered = segments.enumerated().map { index, segment -> JSONValue in
                var members = segment.objectValue ?? [:]
                members["id"] = .int(Int64(index))
                return .object(members)
            }
            return ["text": "…", "segments": .array(numbered), "language": .string(language), "model": "tiny"]
        }
        let merged = try Self.merge([
            (Self.unit(0, 0, 30), answer([Self.segment(1, 2, " Good"), Self.segment(2, 3, " morning. ")], "en")),
            (Self.unit(1, 30, 60), answer([Self.segment(1, 2, " Bye.")], "de")),
        ])
        #expect(merged["text"] == "Good morning. Bye.")
        #expect(merged["model"] == "tiny" && merged["language"] == nil)
        #expect(merged["segments"]?.arrayValue?.map { $0["id"] ?? .null } == [0, 1, 2])
        #expect(try Self.merge([]) == [])
    }

    @Test func whatIsNoSegmentIsNamed() async throws {
        for (result, words) in [
            ("text", "unit 0 answered"), ([["start": 1]], "segment 0 of unit 0 has no numbers"), (["text": "x"], "unit 0 answered"),
        ] as [(JSONValue, String)] {
            let found = await failure { _ = try Self.merge([(Self.unit(0, 0, 1), result)]) }
            #expect(found?.cause == .app && found?.message.contains(words) == true, "\(found?.message ?? "")")
        }
        let plain = Unit(geometry: ["index": 0, "start": 0, "end": 5], set: [:])
        let found = await failure { _ = try Self.merge([(plain, [])]) }
        #expect(found?.message.contains("split_mode: audio") == true)
    }

    /// Segments that are cut nowhere are found once each, however windows lie.
    @Test func everySegmentIsFoundOnce() throws {
        var random = SplitMix(state: 12)
        for _ in 0..<300 {
            let overlap = Double(Int.random(in: 2...8, using: &random))
            let length = overlap + Double(Int.random(in: 3...20, using: &random))
            let windows = Int.random(in: 1...6, using: &random)
            let spoken = (0..<Int.random(in: 0...30, using: &random)).map { index -> (Double, Double, String) in
                let start = Double(Int.random(in: 0..<1000, using: &random)) / 10
                return (start, start + Double(Int.random(in: 1...8, using: &random)) / 10, "s\(index)")
            }
            let end = Double(windows - 1) * (length - overlap) + length
            let inside = spoken.filter { $0.1 <= end }
            let results = (0..<windows).map { index -> (Unit, JSONValue) in
                let start = Double(index) * (length - overlap)
                // A window hears what lies whole in it.
                let heard = inside.filter { $0.0 >= start && $0.1 <= start + length }
                return (
                    Self.unit(index, start, start + length),
                    .array(heard.map { Self.segment($0.0 - start, $0.1 - start, $0.2) })
                )
            }
            let found = try Self.merge(results).arrayValue?.compactMap { $0["text"]?.stringValue } ?? []
            #expect(found.sorted() == inside.map(\.2).sorted())
        }
    }
}
