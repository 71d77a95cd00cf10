import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// A detector that sees exactly what lies in its tile, on objects that lie upon each other, within each other, and over
/// any number of tiles.
struct DetectionCrowd {
    struct Object: Hashable {
        var rect: [Int]
        var kind: Int
    }

    let side: Int
    private(set) var objects: [Object] = []

    /// `sizes` are the largest of each kind of size in px; a tenth are pairs of which one lies within the other. `seams`: no
    /// object ends within the tolerance of a multiple of it, where one that ends looks as one that goes on.
    init(seed: UInt64, side: Int, count: Int, sizes: [Int], kinds: Int, seams: Int? = nil) {
        self.side = side
        var random = ImageRandom(seed)
        var seen: Set<Object> = []
        func add(_ object: Object) {
            if let seams, object.rect.contains(where: { ($0 + 2) % seams <= 4 }) { return }
            if seen.insert(object).inserted { objects.append(object) }
        }
        while objects.count < count {
            let most = sizes.randomElement(using: &random) ?? side
            let (width, height) = (Int.random(in: 8...most, using: &random), Int.random(in: 8...most, using: &random))
            let x = Int.random(in: 0...side - width, using: &random), y = Int.random(in: 0...side - height, using: &random)
            let kind = Int.random(in: 0..<kinds, using: &random)
            add(Object(rect: [x, y, x + width, y + height], kind: kind))
            guard Int.random(in: 0..<20, using: &random) == 0, objects.count < count else { continue }
            let insets = [width, height, width, height].map { Int.random(in: 1...max(1, $0 / 4), using: &random) }
            add(
                Object(
                    rect: [x + insets[0], y + insets[1], x + width - insets[2], y + height - insets[3]], kind: kind))
        }
    }

    /// The tiles' answers, each piece with a score of its own.
    func units(_ plan: SplitPlan, seed: UInt64) throws -> [(unit: Unit, result: JSONValue)] {
        var random = ImageRandom(seed)
        let grid = try TileGrid(imageWidth: side, imageHeight: side, plan: plan)
        var results = [[JSONValue]](repeating: [], count: grid.count)
        let step = plan.tileWidth - plan.tileOverlapX
        func touched(_ low: Int, _ high: Int) -> [Int] {
            (max(0, (low - plan.tileWidth) / step)..<min(grid.x.count, high / step + 1)).filter {
                grid.x.start($0) < high && grid.x.start($0) + grid.x.extent($0) > low
            }
        }
        for object in objects {
            for row in touched(object.rect[1], object.rect[3]) {
                for column in touched(object.rect[0], object.rect[2]) {
                    let tile = grid.rect(row: row, column: column)
                    let numbers = [
                        max(object.rect[0], tile.x) - tile.x, max(object.rect[1], tile.y) - tile.y,
                        min(object.rect[2], tile.maxX) - tile.x, min(object.rect[3], tile.maxY) - tile.y,
                    ]
                    results[row * grid.x.count + column].append([
                        "box": .array(numbers.map { .int(Int64($0)) }), "class": .int(Int64(object.kind)),
                        "score": .number(Double(Int.random(in: 300...999, using: &random)) / 1000),
                    ])
                }
            }
        }
        return try detectionUnits(side, side, plan).map { ($0, .array(results[$0.index])) }
    }

    static func found(_ merged: JSONValue) throws -> [Object] {
        try #require(merged.arrayValue).map { box in
            Object(
                rect: (box["box"]?.arrayValue ?? []).compactMap(\.intValue), kind: box["class"]?.intValue ?? -1)
        }
    }
}

@Suite struct DetectionsCrowdTests {
    @Test(arguments: [0, 64]) func tenThousandObjectsAreFoundOnceAndExactly(overlap: Int) throws {
        let crowd = DetectionCrowd(seed: 1, side: 20_000, count: 10_000, sizes: [40, 150, 500, 1600], kinds: 8)
        let merged = try DetectionMerger.merge(
            units: try crowd.units(.tiles(512, overlap: overlap), seed: 2), plan: detectionPlan())
        let found = try DetectionCrowd.found(merged)
        #expect(found.count == 10_000)
        #expect(Set(found) == Set(crowd.objects))
    }

    @Test(arguments: [0, 9, 30]) func objectsLargerThanTilesAreFoundOnceAndExactly(overlap: Int) throws {
        for seed in 1...3 {
            let crowd = DetectionCrowd(seed: UInt64(seed), side: 640, count: 20, sizes: [20, 200, 600], kinds: 3, seams: overlap == 0 ? 64 : nil)
            let merged = try DetectionMerger.merge(
                units: try crowd.units(.tiles(64, overlap: overlap), seed: 9), plan: detectionPlan())
            let found = try DetectionCrowd.found(merged)
            #expect(found.count == 20 && Set(found) == Set(crowd.objects), "seed \(seed)")
        }
    }

    @Test func nestedPairsOverManyTilesSurvive() throws {
        // Both cover the middle tile, and cross the same edges.
        for overlap in [0, 16] {
            var crowd = DetectionCrowd(seed: 1, side: 320, count: 0, sizes: [], kinds: 1)
            crowd.add([[10, 12, 300, 310], [20, 30, 290, 280], [30, 40, 250, 270], [64, 64, 128, 128]])
            let units = try crowd.units(.tiles(64, overlap: overlap), seed: 3)
            let found = try DetectionCrowd.found(try DetectionMerger.merge(units: units, plan: detectionPlan()))
            #expect(found.count == 4 && Set(found) == Set(crowd.objects), "overlap \(overlap)")
        }
    }

    /// Noise makes boxes that do not agree exactly, so that the order could matter.
    @Test func anyOrderAndAnyGroupingGivesTheSameBytes() throws {
        let crowd = DetectionCrowd(seed: 5, side: 120, count: 8, sizes: [30, 90], kinds: 2)
        var random = ImageRandom(6)
        var units = try crowd.units(.tiles(64, overlap: 12), seed: 7).map { unit, result in
            let boxes = (result.arrayValue ?? []).map { box -> JSONValue in
                let numbers = (box["box"]?.arrayValue ?? []).compactMap(\.doubleValue)
                let noise = (0..<4).map { _ in Double(Int.random(in: -4...4, using: &random)) / 2 }
                return [
                    "box": .array([
                        .number(numbers[0] + noise[0]), .number(numbers[1] + noise[1]),
                        .number(max(numbers[0] + noise[0], numbers[2] + noise[2])),
                        .number(max(numbers[1] + noise[1], numbers[3] + noise[3])),
                    ]), "class": "one", "score": 0.5, "id": .int(Int64(numbers.reduce(0, +)) % 3),
                ]
            }
            return (unit: unit, result: JSONValue.array(boxes))
        }
        var plan = detectionPlan()
        plan.nms = 0.8
        let expected = try DetectionMerger.merge(units: units, plan: plan).text
        var others = 0
        for _ in 0..<1000 {
            units.shuffle(using: &random)
            let place = Int.random(in: units.indices, using: &random)
            units[place].result = .array((units[place].result.arrayValue ?? []).shuffled(using: &random))
            var parts = try units.map { unit, result in
                var part = DetectionGathering()
                try part.add(unit, result)
                return part
            }
            while parts.count > 1 {
                var part = parts.remove(at: Int.random(in: parts.indices, using: &random))
                let other = Int.random(in: parts.indices, using: &random)
                try part.combine(parts[other])
                parts[other] = part
            }
            if try parts[0].merged(plan).text != expected { others += 1 }
        }
        #expect(others == 0)
        // An empty gathering changes nothing.
        var empty = DetectionGathering()
        for (unit, result) in units { try empty.add(unit, result) }
        try empty.combine(DetectionGathering())
        #expect(try empty.merged(plan).text == expected)
        #expect(try DetectionGathering().merged(plan) == [])
    }
}

extension DetectionCrowd {
    mutating func add(_ rects: [[Int]]) { objects += rects.map { Object(rect: $0, kind: 0) } }
}
