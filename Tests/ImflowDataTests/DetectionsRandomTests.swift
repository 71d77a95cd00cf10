import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// A model that sees exactly what lies in its tile, on objects that do not meet.
@Suite struct DetectionsRandomTests {
    private struct Scene {
        let width: Int
        let height: Int
        let objects: [PixelRect]

        /// Objects at least 5 px apart, from specks to larger than tiles.
        init(seed: UInt64) {
            var random = ImageRandom(seed)
            width = Int.random(in: 150...400, using: &random)
            height = Int.random(in: 150...400, using: &random)
            var objects: [PixelRect] = []
            for _ in 0..<120 {
                let most = [12, 40, 170].randomElement(using: &random) ?? 12
                let w = Int.random(in: 3...min(most, width), using: &random)
                let h = Int.random(in: 3...min(most, height), using: &random)
                let rect = PixelRect(
                    x: Int.random(in: 0...width - w, using: &random), y: Int.random(in: 0...height - h, using: &random),
                    width: w, height: h)
                let around = PixelRect(x: rect.x - 5, y: rect.y - 5, width: w + 10, height: h + 10)
                if !objects.contains(where: { $0.intersection(around) != nil }) { objects.append(rect) }
            }
            self.objects = objects
        }

        /// What the model answers for a tile.
        func seen(in tile: PixelRect) -> JSONValue {
            .array(
                objects.enumerated().compactMap { index, object in
                    object.intersection(tile).map { part in
                        [
                            "bbox": [
                                .int(Int64(part.x - tile.x)), .int(Int64(part.y - tile.y)), .int(Int64(part.width)),
                                .int(Int64(part.height)),
                            ],
                            "class": .string("c\(index % 2)"), "score": .number(Double(index % 7) / 7),
                        ]
                    }
                })
        }

        func units(_ plan: SplitPlan) throws -> [(unit: Unit, result: JSONValue)] {
            try detectionUnits(width, height, plan).map { ($0, seen(in: try TileGeometry($0).rect)) }
        }
    }

    private func rectangles(_ merged: JSONValue) throws -> [[Int]] {
        try #require(merged.arrayValue).map { box in
            let numbers = try #require(box["bbox"]?.arrayValue)
            return numbers.compactMap(\.intValue)
        }
    }

    @Test(arguments: [0, 1, 8, 20, 31], [MergePlan.Metric.iou, .ios])
    func everyObjectIsFoundOnceAndExactly(overlap: Int, metric: MergePlan.Metric) throws {
        for seed in 1...12 {
            let scene = Scene(seed: UInt64(seed))
            let merged = try DetectionMerger.merge(
                units: try scene.units(.tiles(64, overlap: overlap)), plan: detectionPlan(0.5, metric))
            let found = try rectangles(merged)
            let expected = scene.objects.map { [$0.x, $0.y, $0.width, $0.height] }
                .sorted { ($0[1], $0[0]) < ($1[1], $1[0]) }
            #expect(found == expected, "seed \(seed), overlap \(overlap)")
        }
    }

    @Test(arguments: 1...6) func theOrderOfUnitsAndBoxesChangesNothing(seed: Int) throws {
        // Half the boxes are off by some px, so that nothing merges by being equal.
        var random = ImageRandom(UInt64(seed) + 100)
        var units = try Scene(seed: UInt64(seed)).units(.tiles(64, overlap: 20)).map { unit, result in
            let boxes = try #require(result.arrayValue).map { box -> JSONValue in
                let numbers = box["bbox"]?.arrayValue?.compactMap(\.doubleValue) ?? []
                let noisy = numbers.map {
                    JSONValue.number(max(0, $0 + Double(Int.random(in: -3...3, using: &random)) / 2))
                }
                return ["bbox": .array(noisy), "class": "c", "score": 0.5]
            }
            return (unit: unit, result: JSONValue.array(boxes))
        }
        let first = try DetectionMerger.merge(units: units, plan: detectionPlan()).text
        for _ in 0..<5 {
            units.shuffle(using: &random)
            for index in units.indices {
                units[index].result = .array((units[index].result.arrayValue ?? []).shuffled(using: &random))
            }
            #expect(try DetectionMerger.merge(units: units, plan: detectionPlan()).text == first)
        }
    }

    @Test func hostileCrowdsAreRefused() throws {
        let units = try detectionUnits(180, 100, .tiles(100, overlap: 20))
        let crowd = JSONValue.array(Array(repeating: ["box": [82, 1, 98, 9]], count: 1500))
        let other = JSONValue.array(Array(repeating: ["box": [2, 1, 18, 9]], count: 1500))
        let failure = try imageFailure {
            _ = try DetectionMerger.merge(units: [(units[0], crowd), (units[1], other)], plan: detectionPlan())
        }
        #expect(failure.cause == .app && failure.message.contains("overlap"))
    }
}
