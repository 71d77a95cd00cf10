import ImflowContent
import ImflowData
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@Suite struct MergeTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    struct Case: Sendable, CustomTestStringConvertible {
        var strategy: MergePlan
        var results: [JSONValue?]
        var merged: JSONValue
        var testDescription: String { "\(strategy.strategy.rawValue) \(results.count)" }

        init(_ strategy: MergeStrategy, _ results: [JSONValue?], _ merged: JSONValue) {
            self.init(MergePlan(strategy: strategy), results, merged)
        }

        init(_ strategy: MergePlan, _ results: [JSONValue?], _ merged: JSONValue) {
            self.strategy = strategy
            self.results = results
            self.merged = merged
        }
    }

    static let cases: [Case] = [
        Case(.concatJSON, [], []), Case(.concatJSON, [[1, 2]], [1, 2]), Case(.concatJSON, [["a": 1]], [["a": 1]]),
        Case(.concatJSON, [[1], ["a": 2], nil, nil, [], [[3]], nil], [1, ["a": 2], [3]]),
        Case(.concatText, [], ""), Case(.concatText, ["a"], "a"),
        Case(.concatText, ["a", ["text": "b", "note": "x"], ["words": "c", "n": 1]], "abc"),
        Case(.jsonMerge, [], [:]), Case(.jsonMerge, [["a": 1]], ["a": 1]),
        Case(
            .jsonMerge, [["a": ["x": 1], "l": [1]], ["a": ["y": 2], "l": [1.0]], ["b": nil]],
            ["a": ["x": 1, "y": 2], "l": [1], "b": nil]),
        Case(
            MergePlan(strategy: .jsonMerge, conflict: .last),
            [["a": 1, "o": ["x": 1]], ["a": 2, "o": 3], ["o": ["y": 1]]],
            ["a": 2, "o": ["y": 1]]),
        Case(.sum, [], 0), Case(.mean, [], nil), Case(.max, [], nil), Case(.min, [], nil),
        Case(.sum, [5], 5), Case(.mean, [5], 5), Case(.sum, [1, 2, 3.5], 6.5), Case(.mean, [1, 2], 1.5),
        Case(.sum, [[1, [2]], [10, [20]], [100, [200]]], [111, [222]]),
        Case(.sum, [["a": 1, "b": [2]], ["b": [3], "a": 4]], ["a": 5, "b": [5]]),
        Case(.max, [[1, 9], [5, 2.5], [3, 3]], [5, 9]), Case(.min, [[1, 9], [5, 2.5], [3, 3]], [1, 2.5]),
        Case(.sum, [.int(.max), 1], .number(9_223_372_036_854_775_808)),
        Case(.max, [.int(9_007_199_254_740_993), .int(9_007_199_254_740_992)], .int(9_007_199_254_740_993)),
        Case(.vote, [], ["value": nil, "count": 0, "total": 0, "votes": []]),
        Case(.vote, ["x"], ["value": "x", "count": 1, "total": 1, "votes": [["value": "x", "count": 1]]]),
        Case(
            .vote, ["b", "a", 1, 1.0, "a"],
            [
                "value": "a", "count": 2, "total": 5,
                "votes": [["value": "a", "count": 2], ["value": 1, "count": 2], ["value": "b", "count": 1]],
            ]),
        Case(.topK, [], []), Case(.topK, [["score": 1]], [["score": 1]]),
        Case(
            MergePlan(strategy: .topK, k: 3),
            [
                ["score": 1, "n": 0], [["score": 5, "n": 1], ["score": 2, "n": 2]], ["score": 2, "n": 3], ["score": 0],
            ],
            [["score": 5, "n": 1], ["score": 2, "n": 2], ["score": 2, "n": 3]]),
        Case(
            MergePlan(strategy: .topK, score: "quality.mean", k: 1),
            [["quality": ["mean": 1]], ["quality": ["mean": 2]]],
            [["quality": ["mean": 2]]]),
        Case(MergePlan(strategy: .topK, k: 0), [["score": 1]], []),
        Case(MergePlan(strategy: .topK, k: -2), [["score": 1]], []),
        Case(.none, [], []), Case(.none, [1], [1]), Case(.none, [[1], nil, nil, nil, "x"], ["x"]),
        Case(.none, [[1], nil, "x"], ["x"]),
    ]

    @Test(arguments: cases)
    func table(case item: Case) throws {
        let merged = try room.merge(item.strategy, of: item.results)
        #expect(merged.canonicalText == item.merged.canonicalText)
    }

    @Test func linesAreJoinedByLineEnds() throws {
        let plan = SplitPlan(mode: .lines)
        #expect(
            try room.merge(MergePlan(strategy: .concatText), of: ["a\n", "", "b\r\n", "c"], split: plan) == "a\n\nb\nc")
    }

    struct Refusal: Sendable {
        var strategy: MergeStrategy
        var results: [JSONValue?]
        var parts: [String]
    }

    @Test(arguments: [
        Refusal(strategy: .concatText, results: ["a", 1], parts: ["unit 1", "a number"]),
        Refusal(strategy: .concatText, results: [["a": "x", "b": "y"]], parts: ["unit 0", "2 texts"]),
        Refusal(strategy: .jsonMerge, results: [["a": 1], [1]], parts: ["unit 1", "a list"]),
        Refusal(
            strategy: .jsonMerge, results: [["b": 0], ["a": ["x/y": [1]]], ["a": ["x/y": [2]]]],
            parts: ["unit 1", "unit 2", "`/a/x~1y`", "conflict: last"]),
        Refusal(strategy: .sum, results: [[1, 2], [1]], parts: ["unit 0", "unit 1", "a list of 2", "a list of 1"]),
        Refusal(strategy: .mean, results: [["a": [1, 2]], ["a": [1, "x"]]], parts: ["unit 0", "unit 1", "`/a/1`"]),
        Refusal(strategy: .max, results: [1, [1]], parts: ["unit 0", "unit 1"]),
        Refusal(strategy: .min, results: [["a": 1], ["b": 1]], parts: ["unit 0", "unit 1"]),
        Refusal(strategy: .sum, results: ["x"], parts: ["unit 0", "a string"]),
        Refusal(strategy: .sum, results: [1e308, 1e308], parts: ["more than a number holds"]),
        Refusal(strategy: .topK, results: [["score": 1], [["score": "high"]]], parts: ["unit 1", "`score`"]),
    ])
    func refusals(refusal: Refusal) async throws {
        let error = await failure { _ = try room.merge(MergePlan(strategy: refusal.strategy), of: refusal.results) }
        #expect(error?.cause == .app)
        for part in refusal.parts + ["task `s-merge`"] {
            #expect(error?.message.contains(part) == true, "\(part) in: \(error?.message ?? "")")
        }
    }

    @Test(arguments: [
        MergePlan(strategy: .concatJSON), MergePlan(strategy: .concatText),
        MergePlan(strategy: .jsonMerge, conflict: .last),
        MergePlan(strategy: .sum), MergePlan(strategy: .mean), MergePlan(strategy: .max), MergePlan(strategy: .vote),
        MergePlan(strategy: .topK, k: 5), MergePlan(strategy: .none),
    ])
    func noGroupingOfUnitsIntoShardsChangesAByte(plan: MergePlan) throws {
        var random = SplitMix(state: 99)
        let results = (0..<40).map { _ -> JSONValue in
            let number = JSONValue.number(Double(Int.random(in: 0...40, using: &random)) / 8)
            switch plan.strategy {
            case .sum, .mean, .max: return [number, ["x": number]]
            case .concatText: return .string(number.text)
            default: return ["score": number, "k": ["v": number]]
            }
        }
        let units = results.indices.map { Unit(geometry: ["index": .int(Int64($0))], set: [:]) }
        var seen: Set<[UInt8]> = []
        for _ in 0..<20 {
            var shards: [[Unit]] = []
            var rest = units[...]
            while !rest.isEmpty {
                let count = min(Int.random(in: 1...9, using: &random), rest.count)
                shards.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let parts = try room.parts(shards) { results[$0.index] }.shuffled(using: &random)
            seen.insert(try room.merge(plan, parts).canonicalBytes())
        }
        #expect(seen.count == 1)
    }

    @Test func splitListsMergeBack() async throws {
        var random = SplitMix(state: 5)
        for _ in 0..<60 {
            let list = (0..<Int.random(in: 0...50, using: &random)).map { JSONValue.int(Int64($0)) }
            let plan = SplitPlan(
                mode: .batch, batchSize: Int.random(in: 1...7, using: &random),
                shardLimit: Int.random(in: 1...9, using: &random))
            let (_, shards) = try await room.split(["items": .array(list)], plan)
            let parts = try room.parts(shards) { $0.set["items"] }
            #expect(try room.merge(MergePlan(), parts, split: plan) == .array(list))
        }
    }

    @Test func splitLinesMergeBack() async throws {
        for text in ["", "a", "a\n\nb", "\n\na\n\n\nb"] {
            let plan = SplitPlan(mode: .lines, shardLimit: 3)
            let (_, shards) = try await room.split(["text": .string(text)], plan)
            let parts = try room.parts(shards) { $0.set["text"] }
            #expect(try room.merge(MergePlan(strategy: .concatText), parts, split: plan) == .string(text))
        }
    }

    @Test func damagedPartsAreInfrastructure() async throws {
        let units = [Unit(geometry: ["index": 0], set: [:]), Unit(geometry: ["index": 1], set: [:])]
        var parts = try room.parts([units]) { _ in 1 }
        parts[0].output = Payload(hash: ContentHash(of: [7]), size: 3, inline: nil)
        let missing = await failure { _ = try room.merge(MergePlan(), parts) }
        #expect(missing?.cause == .infra)
        #expect(missing?.message.contains(ContentHash(of: [7]).description) == true)
        #expect(missing?.message.contains("task `s-merge`") == true)
        parts[0].output = try room.content.payload([1])
        let uneven = await failure { _ = try room.merge(MergePlan(), parts) }
        #expect(uneven?.cause == .infra)
        #expect(uneven?.message.contains("2 units, but 1 results") == true)
        parts[0].units = try room.content.payload([1, 2])
        #expect(await failure { _ = try room.merge(MergePlan(), parts) }?.cause == .infra)
    }
}
