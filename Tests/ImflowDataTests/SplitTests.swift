import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

@Suite struct SplitTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    @Test(arguments: [
        (0, 5, []), (1, 5, [1]), (5, 5, [1, 1, 1, 1, 1]), (7, 3, [3, 2, 2]), (10, 4, [3, 3, 2, 2]), (3, 0, [3]),
    ])
    func runsAreBalanced(count: Int, limit: Int, sizes: [Int]) {
        let runs = ShardRuns.balanced(count, limit: limit)
        #expect(runs.map(\.count) == sizes)
        #expect(runs.flatMap { Array($0) } == Array(0..<count))
    }

    @Test func runsOfAnyCountAreContiguousAndBalanced() {
        for count in 0..<200 {
            let holds = (1..<40).allSatisfy { limit in
                let runs = ShardRuns.balanced(count, limit: limit)
                return runs.flatMap { Array($0) } == Array(0..<count) && runs.count == min(count, limit)
                    && runs.map(\.count) == runs.map(\.count).sorted(by: >)
                    && (runs.first?.count ?? 0) - (runs.last?.count ?? 0) <= 1
            }
            #expect(holds, "\(count) units")
        }
    }

    @Test(arguments: [(0, 3, [Int]()), (1, 3, [1]), (3, 3, [3]), (7, 3, [3, 3, 1]), (4, Int.max, [4])])
    func batches(items: Int, size: Int, sizes: [Int]) async throws {
        let list = (0..<items).map { JSONValue.int(Int64($0)) }
        let plan = SplitPlan(mode: .batch, batchSize: size)
        let (shared, shards) = try await room.split(["items": .array(list), "language": "en"], plan)
        #expect(shared == ["language": "en"])
        let units = Array(shards.joined())
        #expect(units.map { $0.set["items"]?.arrayValue?.count } == sizes)
        #expect(units.flatMap { $0.set["items"]?.arrayValue ?? [] } == list)
        for unit in units {
            let start = try #require(unit.geometry["start"]?.intValue)
            let end = try #require(unit.geometry["end"]?.intValue)
            #expect(unit.set["items"] == .array(Array(list[start..<end])))
        }
    }

    @Test func theOnlyFittingMemberIsSplit() async throws {
        let (shared, _) = try await room.split(["a": 1, "b": [1, 2], "c": "t"], SplitPlan(mode: .batch))
        #expect(shared == ["a": 1, "c": "t"])
        let ambiguous = await failure { _ = try await room.split(["b": [1], "c": [2]], SplitPlan(mode: .batch)) }
        #expect(ambiguous?.cause == .app)
        #expect(ambiguous?.message.contains("`b`, `c`") == true)
        #expect(ambiguous?.message.contains("split_key") == true)
        let none = await failure { _ = try await room.split(["b": 1], SplitPlan(mode: .batch)) }
        #expect(none?.message.contains("needs a list, but the input has `b`") == true)
        let missing = await failure { _ = try await room.split(["b": [1]], SplitPlan(mode: .batch, key: "x")) }
        #expect(missing?.message.contains("`x`") == true)
        let unfit = await failure { _ = try await room.split(["b": 1], SplitPlan(mode: .batch, key: "b")) }
        #expect(unfit?.message.contains("`b` is a number") == true)
        let empty = await failure { _ = try await room.split([:], SplitPlan(mode: .tile)) }
        #expect(empty?.message.contains("no members") == true)
    }

    @Test(arguments: [
        ("", [String]()), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]),
        ("\n\n", ["", ""]), ("a\n\nb\n", ["a", "", "b"]), ("ä\u{2028}b\rc", ["ä\u{2028}b\rc"]),
    ])
    func lines(text: String, lines: [String]) async throws {
        let (_, shards) = try await room.split(["text": .string(text)], SplitPlan(mode: .lines))
        #expect(shards.joined().map { $0.set["text"]?.stringValue } == lines)
        #expect(shards.joined().map { $0.geometry["end"]?.intValue } == Array(lines.indices.map { $0 + 1 }))
    }

    @Test func aTextFilesLinesAreSmallFiles() async throws {
        let file = try room.stored("\u{FEFF}first\nsecond\nsecond\n", as: "page.txt")
        let (_, shards) = try await room.split(["text_url": .string(file)], SplitPlan(mode: .lines, shardLimit: 2))
        let units = Array(shards.joined())
        #expect(try units.map { try room.text(of: $0.set["text_url"]) } == ["first", "second", "second"])
        #expect(units.allSatisfy { $0.set["text_url"]?.stringValue?.hasSuffix("/page.txt") == true })
    }

    @Test func aFileIsFetchedToBeSplit() async throws {
        let path = try room.write("one\ntwo\n", to: "notes.txt")
        let (_, shards) = try await room.split(["notes_url": .string("file://" + path)], SplitPlan(mode: .lines))
        #expect(try shards.joined().map { try room.text(of: $0.set["notes_url"]) } == ["one", "two"])
    }

    @Test func textThatIsNotUTF8IsSaid() async throws {
        let hash = try room.content.put([0x61, 0xFF, 0x62])
        let file = ContentReference(hash: hash, name: "page.bin").text
        let error = await failure { _ = try await room.split(["text_url": .string(file)], SplitPlan(mode: .lines)) }
        #expect(error?.cause == .app)
        #expect(error?.message.contains("page.bin") == true)
    }

    @Test func aMissingFileIsInfrastructure() async throws {
        let file = ContentReference(hash: ContentHash(of: [1]), name: "page.txt").text
        let error = await failure { _ = try await room.split(["text_url": .string(file)], SplitPlan(mode: .lines)) }
        #expect(error?.cause == .infra)
    }

    @Test func candidatesGetTheirSeeds() async throws {
        let plan = SplitPlan(mode: .candidates, candidates: 3, seed: 40, shardLimit: 2)
        let (shared, shards) = try await room.split(["prompt": "p"], plan)
        #expect(shared == ["prompt": "p"])
        #expect(shards.map(\.count) == [2, 1])
        #expect(shards.joined().map { $0.set["seed"] } == [40, 41, 42])
        #expect(shards.joined().map { $0.geometry["seed"] } == [40, 41, 42])
        #expect(try await room.split(["prompt": "p"], SplitPlan(mode: .candidates, candidates: 0)).shards.isEmpty)
    }

    @Test(arguments: [
        (SplitPlan(mode: .batch, batchSize: 0), "batch_size"), (SplitPlan(mode: .batch, batchSize: -4), "batch_size"),
        (SplitPlan(mode: .sequence, sequenceLength: 0), "sequence_length"),
        (SplitPlan(mode: .sequence, sequenceLength: 4, sequenceOverlap: 4), "sequence_overlap"),
        (SplitPlan(mode: .sequence, sequenceLength: 4, sequenceOverlap: -1), "sequence_overlap"),
        (SplitPlan(mode: .candidates, candidates: -1), "candidates"),
        (SplitPlan(mode: .candidates, candidates: Int.max), "candidates"),
        (SplitPlan(mode: .candidates, candidates: 2, seed: Int.max), "seed"),
    ])
    func nonsenseIsSaid(plan: SplitPlan, key: String) async throws {
        let error = await failure { _ = try await room.split(["a": [1], "t": "x"], plan) }
        #expect(error?.cause == .app)
        #expect(error?.message.contains(key) == true)
    }

    @Test func tooManyUnitsAreRefused() async throws {
        let text = String(repeating: "\n", count: Splitter.maximumUnits + 1)
        let error = await failure { _ = try await room.split(["t": .string(text)], SplitPlan(mode: .lines)) }
        #expect(error?.message.contains("units") == true)
        let words = String(repeating: "word ", count: 20_000)
        let plan = SplitPlan(mode: .sequence, sequenceLength: 10_000, sequenceOverlap: 9_999)
        let repeated = await failure { _ = try await room.split(["t": .string(words)], plan) }
        #expect(repeated?.message.contains("overlap") == true)
    }

    @Test func manyUnitsGoToTheContentStore() async throws {
        let list = (0..<20_000).map { JSONValue.string("item \($0)") }
        let (_, shards) = try await room.split(["items": .array(list)], SplitPlan(mode: .batch, shardLimit: 4))
        #expect(shards.map(\.count) == [5000, 5000, 5000, 5000])
    }
}
