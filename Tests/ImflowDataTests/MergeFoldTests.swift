import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// Every strategy over drawn units: however they are bundled into shards, in whatever order the shards are handed over, and in
/// whatever tree runs of them are put together, the merged bytes are the same.
@Suite struct MergeFoldTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    /// One drawn value for each of so many units; nil where the unit's shard has failed.
    private struct Draw {
        var random: SplitMix

        mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

        mutating func number() -> JSONValue {
            switch int(0...5) {
            case 0: .int(Int64(int(-9...9)))
            case 1: .int(Int64.random(in: .min ... .max, using: &random))
            case 2: .number(Double(int(-99...99)) / 10)
            case 3: .number(Double(sign: .plus, exponent: int(-1074...1000), significand: 1.5))
            case 4: .number(-Double(sign: .plus, exponent: int(-80...80), significand: Double(int(1...1_000_000))))
            default: .number(Double.random(in: -1...1, using: &random))
            }
        }

        mutating func word() -> String { ["a", "b", "the", "Cat", "é", "\"", "\\", "🦊", "x,", "]"][int(0...9)] }

        mutating func value(depth: Int = 0) -> JSONValue {
            switch int(0...(depth > 2 ? 3 : 6)) {
            case 0: number()
            case 1: .string((0..<int(0...4)).map { _ in word() }.joined(separator: " "))
            case 2: .bool(int(0...1) == 0)
            case 3: .null
            case 4: .array((0..<int(0...4)).map { _ in value(depth: depth + 1) })
            default: .object(JSONObject((0..<int(0...3)).map { _ in (word(), value(depth: depth + 1)) }) { $1 })
            }
        }

        mutating func box() -> JSONValue {
            let (x, y) = (int(0...12), int(0...12))
            let corners = [x, y, int((x + 1)...16), int((y + 1)...16)].map { JSONValue.int(Int64($0)) }
            return ["box": .array(corners), "class": .string(["a", "b"][int(0...1)]), "score": .number(Double(int(0...9)) / 10)]
        }

        mutating func result(_ strategy: MergeStrategy) -> JSONValue {
            switch strategy {
            case .concatText: .string((0..<int(0...6)).map { _ in word() + [" ", "  ", "\n", ""][int(0...3)] }.joined())
            case .jsonMerge: .object(JSONObject((0..<int(0...3)).map { _ in (word(), value()) }) { $1 })
            case .mean, .sum, .max, .min: ["x": [number(), number()], "0": number()]
            case .vote: [.int(1), "a", [], ["k": "v"]][int(0...3)]
            case .topK:
                int(0...2) == 0
                    ? ["score": number()]
                    : .array((0..<int(0...3)).map { ["score": .int(Int64(int(0...3))), "n": .int(Int64($0))] })
            default: value()
            }
        }
    }

    private static let plans: [MergePlan] = [
        MergePlan(strategy: .concatJSON), MergePlan(strategy: .none), MergePlan(strategy: .concatText),
        MergePlan(strategy: .jsonMerge, conflict: .last), MergePlan(strategy: .mean), MergePlan(strategy: .sum),
        MergePlan(strategy: .max), MergePlan(strategy: .min), MergePlan(strategy: .vote),
        MergePlan(strategy: .topK, k: 4),
    ]

    private static let splits: [SplitPlan] = [
        SplitPlan(mode: .batch), SplitPlan(mode: .lines),
        SplitPlan(mode: .sequence, sequenceLength: 6, sequenceOverlap: 3),
        SplitPlan(mode: .sequence, sequenceLength: 6, sequenceOverlap: 2, sequenceUnit: .lines),
        SplitPlan(mode: .sequence, sequenceLength: 6, sequenceOverlap: 4, sequenceUnit: .chars),
    ]

    @Test(arguments: plans)
    func everyGroupingOrderAndTreeGivesTheSameBytes(plan: MergePlan) throws {
        var draw = Draw(random: SplitMix(state: 20_261_122))
        // 25 sets of results, 40 groupings, orders and trees of each.
        for round in 0..<25 {
            let split = plan.strategy == .concatText ? Self.splits[round % Self.splits.count] : Self.splits[0]
            let results = (0..<[0, 1, 2, 5, 17][round % 5]).map { _ in draw.result(plan.strategy) }
            // Of each set some units' shards have failed.
            let holes = Set(results.indices.filter { _ in round % 3 == 2 && draw.int(0...4) == 0 })
            var hashes: Set<ContentHash> = []
            for _ in 0..<20 {
                hashes.insert(try bundled(plan, split, results, holes, &draw))
                hashes.insert(try treed(plan, split, results, holes, &draw))
            }
            #expect(hashes.count == 1, "\(plan.strategy) \(split.mode) \(results) without \(holes)")
        }
    }

    /// One of six tiles in two rows.
    private func unit(_ index: Int) -> Unit {
        let numbers = [
            "index": index, "row": index / 3, "column": index % 3, "x": index % 3 * 12, "y": index / 3 * 12, "width": 16,
            "height": 16, "image_width": 40, "image_height": 28,
        ]
        return Unit(geometry: JSONObject(numbers.map { ($0, .int(Int64($1))) }) { $1 }, set: [:])
    }

    /// Through the merger: units in drawn shards, in a drawn order, read in pieces of a drawn size.
    private func bundled(
        _ plan: MergePlan, _ split: SplitPlan, _ results: [JSONValue], _ holes: Set<Int>, _ draw: inout Draw
    ) throws -> ContentHash {
        var shards: [[Unit]] = []
        var rest = results.indices.map(unit)[...]
        while let first = rest.first {
            // A shard succeeds or fails as a whole.
            let isHole = holes.contains(first.index)
            let alike = rest.prefix { holes.contains($0.index) == isHole }
            let run = alike.prefix(draw.int(1...6))
            shards.append(Array(run))
            rest = rest.dropFirst(run.count)
        }
        // A bare `nil` would be JSON's null.
        let parts = try room.parts(shards) { holes.contains($0.index) ? Optional.none : results[$0.index] }
        return try Merger(content: room.content, pieceSize: [1, 2, 3, 7, 64, 4096][draw.int(0...5)])
            .merge(
                MergeWork(merge: plan, split: split, parts: parts.shuffled(using: &draw.random)), consumer: "task `m`"
            ).hash
    }

    private func treed(
        _ plan: MergePlan, _ split: SplitPlan, _ results: [JSONValue], _ holes: Set<Int>, _ draw: inout Draw
    ) throws -> ContentHash {
        let units = results.indices.filter { !holes.contains($0) }.map { (unit: $0, text: results[$0].canonicalBytes()) }
        let content = room.content
        switch plan.strategy {
        case .concatJSON, .none:
            return try tree(units, &draw) {
                try ConcatJSON(flattens: plan.strategy == .concatJSON, content: content, bufferSize: 5)
            }
        case .concatText:
            return try tree(units, &draw) { try ConcatText(split: split, content: content, bufferSize: 5) }
        case .jsonMerge: return try tree(units, &draw) { JSONMerge(conflict: plan.conflict) }
        case .mean: return try tree(units, &draw) { NumberMerge(.mean) }
        case .sum: return try tree(units, &draw) { NumberMerge(.sum) }
        case .max: return try tree(units, &draw) { NumberMerge(.max) }
        case .min: return try tree(units, &draw) { NumberMerge(.min) }
        case .vote: return try tree(units, &draw) { VoteMerge() }
        case .topK: return try tree(units, &draw) { TopKMerge(score: plan.score, k: plan.k) }
        case .tileStitch, .detections, .segments: return ContentHash(of: [])
        }
    }

    /// A drawn binary tree over the units, with identities among its leaves.
    private func tree<Fold: MergeFold>(
        _ units: [(unit: Int, text: [UInt8])], _ draw: inout Draw, _ identity: () throws -> Fold
    ) throws -> ContentHash {
        var root = try run(units[...], &draw, identity)
        return try root.finish(in: room.content).hash
    }

    private func run<Fold: MergeFold>(
        _ units: ArraySlice<(unit: Int, text: [UInt8])>, _ draw: inout Draw, _ identity: () throws -> Fold
    ) throws -> Fold {
        var fold = try identity()
        if units.isEmpty { return fold }
        if units.count == 1 || draw.int(0...3) == 0 {
            for (unit, text) in units { try text.withUnsafeBytes { try fold.add($0, of: unit) } }
            return fold
        }
        let middle = draw.int(units.startIndex...units.endIndex)
        if middle == units.startIndex || middle == units.endIndex, draw.int(0...1) == 0 {
            try fold.combine(try run(units, &draw, identity))
            return fold
        }
        try fold.combine(try run(units[..<middle], &draw, identity))
        try fold.combine(try run(units[middle...], &draw, identity))
        return fold
    }

    /// What these two make of a set of units has tests of its own; here they are asked through the merger.
    @Test(arguments: [
        MergePlan(strategy: .detections), MergePlan(strategy: .tileStitch),
        MergePlan(strategy: .tileStitch, blend: .feather),
    ])
    func boxesAndImagesDoNotDependOnShardsEither(plan: MergePlan) throws {
        var draw = Draw(random: SplitMix(state: 7))
        let split = SplitPlan(mode: .tile, tileWidth: 16, tileHeight: 16, tileOverlapX: 4, tileOverlapY: 4)
        let workshop = try ImageWorkshop()
        for round in 0..<3 {
            let results: [JSONValue] = try (0..<6).map { index in
                guard plan.strategy == .tileStitch else { return .array((0..<draw.int(0...6)).map { _ in draw.box() }) }
                let image = try workshop.put(PixelBlock.noise(PixelShape(16, 16), seed: UInt64(10 * round + index)))
                let stored = try room.content.put(fileAt: workshop.content.path(of: image.hash), moving: false)
                return .string(ContentReference(hash: stored.hash, name: image.name).text)
            }
            let holes: Set<Int> = round == 1 ? [draw.int(0...5)] : []
            var hashes: Set<ContentHash> = []
            for _ in 0..<20 { hashes.insert(try bundled(plan, split, results, holes, &draw)) }
            #expect(hashes.count == 1)
        }
    }

    @Test func unitsOfShardsThatLieAmongEachOtherAreInOrder() throws {
        let units = (0..<9).map { Unit(geometry: ["index": .int(Int64($0))], set: [:]) }
        let shards = [[units[4], units[0], units[8]], [units[1], units[2]], [units[7], units[3]], [units[5], units[6]]]
        let parts = try room.parts(shards) { .array([.int(Int64($0.index))]) }
        #expect(try room.merge(MergePlan(), parts).canonicalText == "[0,1,2,3,4,5,6,7,8]")
    }
}
