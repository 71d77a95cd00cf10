import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// Outlines, keypoints, areas; suppression; classes that do not count; the view of the whole image.
@Suite struct DetectionsShapeTests {
    /// Tiles of 100 × 100 px side by side, whose model answers these boxes.
    private func merge(
        _ results: [JSONValue], width: Int = 200, overlap: Int = 0, _ plan: MergePlan = detectionPlan()
    ) throws -> [JSONValue] {
        let units = try detectionUnits(width, 100, .tiles(100, overlap: overlap))
        return try #require(DetectionMerger.merge(units: Array(zip(units, results)), plan: plan).arrayValue)
    }

    @Test func everyFormOfOutlineIsMoved() throws {
        let forms: [(JSONValue, JSONValue)] = [
            ([1, 2, 30, 2, 30, 20.5], [101, 2, 130, 2, 130, 20.5]), ([[1, 2], [30, 2]], [[101, 2], [130, 2]]),
            ([[1, 2, 30, 2], [5, 6, 7, 8]], [[101, 2, 130, 2], [105, 6, 107, 8]]),
            ([[[1, 2], [3, 4]]], [[[101, 2], [103, 4]]]), ([], []), (nil, nil), ("mask.png", "mask.png"),
            (["path": "a"], ["path": "a"]),
        ]
        for (given, expected) in forms {
            let box: JSONValue = ["box": [10, 2, 30, 20], "polygon": given, "segmentation": given, "area": 7]
            let merged = try merge([[], [box]])
            #expect(merged == [["box": [110, 2, 130, 20], "polygon": expected, "segmentation": expected, "area": 7]])
        }
    }

    @Test func keypointsAreMovedAndThoseNotLabelledAreNot() throws {
        let merged = try merge([
            [],
            [
                ["box": [10, 2, 30, 20], "keypoints": [12, 3, 2, 0, 0, 0, 20, 9, 1]],
                ["box": [40, 2, 60, 20], "keypoints": [[41, 3, 0.5], [42, 4]]],
                ["box": [70, 2, 90, 20], "keypoints": [["x": 71, "y": 3, "name": "eye"]]],
            ],
        ])
        #expect(merged.map { $0["keypoints"] } == [
            [112, 3, 2, 0, 0, 0, 120, 9, 1], [[141, 3, 0.5], [142, 4]], [["x": 171, "y": 3, "name": "eye"]],
        ])
    }

    @Test func theOutlinesOfPiecesLieBesideEachOther() throws {
        func piece(_ x: ClosedRange<Int>, _ score: Double, _ keypoints: JSONValue) -> JSONValue {
            let (low, high) = (Int64(x.lowerBound), Int64(x.upperBound))
            return [
                "bbox": [.int(low), 10, .int(high - low), 30], "score": .number(score), "area": 1,
                "segmentation": [[.int(low), 10, .int(high), 10, .int(high), 40, .int(low), 40]], "keypoints": keypoints,
                "num_keypoints": 1,
            ]
        }
        // From 60 to 150 in the source: the tiles 0…100 and 80…180, and 20 px that both show.
        let merged = try merge(
            [[piece(60...100, 0.9, [70, 20, 2, 0, 0, 0])], [piece(0...70, 0.4, [0, 0, 0, 40, 30, 2])]], width: 180,
            overlap: 20)
        #expect(merged == [
            [
                "bbox": [60, 10, 90, 30], "score": 0.9, "area": 2700,
                "segmentation": [
                    [60, 10, 90, 10, 90, 40, 60, 40], [90, 10, 150, 10, 150, 40, 90, 40],
                ], "keypoints": [70, 20, 2, 120, 30, 2], "num_keypoints": 2,
            ]
        ])
    }

    @Test func aRingThatWasAloneBecomesOneOfAList() throws {
        let merged = try merge([
            [["box": [60, 10, 100, 40], "polygon": [[60, 10], [100, 20], [100, 40]]]],
            [["box": [0, 10, 50, 40], "polygon": [[0, 20], [50, 10], [0, 40]]]],
        ])
        #expect(merged == [
            [
                "box": [60, 10, 150, 40],
                "polygon": [[[60, 10], [100, 20], [100, 40]], [[100, 20], [150, 10], [100, 40]]],
            ]
        ])
    }

    /// A mask of a rectangle, packed or not, whose counts were made px by px.
    private func mask(_ rect: PixelRect, _ width: Int, _ height: Int) -> [Int] {
        var counts = [0]
        var isInside = false
        for x in 0..<width {
            for y in 0..<height {
                let inside = x >= rect.x && x < rect.maxX && y >= rect.y && y < rect.maxY
                if inside != isInside { counts.append(0) }
                isInside = inside
                counts[counts.count - 1] += 1
            }
        }
        return counts
    }

    private func json(_ counts: [Int], _ width: Int, _ height: Int) -> JSONValue {
        [
            "size": [.int(Int64(height)), .int(Int64(width))], "counts": .array(counts.map { .int(Int64($0)) }),
        ]
    }

    @Test func runLengthMasksAreMovedAndJoined() throws {
        let left = mask(PixelRect(x: 60, y: 10, width: 40, height: 30), 100, 100)
        let right = mask(PixelRect(x: 0, y: 10, width: 50, height: 30), 100, 100)
        let merged = try merge([
            [["bbox": [60, 10, 40, 30], "area": 0, "segmentation": json(left, 100, 100)]],
            [
                ["bbox": [0, 10, 50, 30], "area": 0, "segmentation": json(right, 100, 100)],
                ["bbox": [70, 60, 10, 30], "mask": json(mask(PixelRect(x: 70, y: 60, width: 10, height: 30), 100, 100), 100, 100)],
            ],
        ])
        let joined = mask(PixelRect(x: 60, y: 10, width: 90, height: 30), 200, 100)
        let alone = mask(PixelRect(x: 170, y: 60, width: 10, height: 30), 200, 100)
        #expect(merged == [
            ["bbox": [60, 10, 90, 30], "area": 2700, "segmentation": json(joined, 200, 100)],
            ["bbox": [170, 60, 10, 30], "mask": json(alone, 200, 100)],
        ])
    }

    @Test func packedMasksAreThoseOfPycocotools() throws {
        // What pycocotools 2.0.11 encodes of a rectangle of 40 × 30 px at 60, 10, in images of 100 × 100 and 200 × 100 px.
        let runs = "jk5n0V2" + String(repeating: "0", count: 77)
        let packed: JSONValue = ["size": [100, 100], "counts": .string(runs + "F")]
        let merged = try merge([[["bbox": [60, 10, 39, 30], "segmentation": packed]], []])
        #expect(merged[0]["segmentation"] == ["size": [100, 200], "counts": .string(runs + "Vh9")])
    }

    @Test func whatCannotBeMovedIsRefused() throws {
        let bad: [(String, JSONValue, String)] = [
            ("segmentation", ["size": [100, 100], "counts": "abc"], "run-length"),
            ("segmentation", ["size": [100, 100], "counts": [1, 2]], "run-length"),
            ("mask", ["size": [100, 100], "counts": [-1, 10001]], "run-length"),
            ("mask", ["size": [100, 0], "counts": []], "run-length"), ("mask", ["counts": "o~"], "run-length"),
            ("mask", ["size": [3, 4], "counts": [12]], "4 × 3 px"),
            ("mask", ["size": [100, 100], "counts": "oooooooooooooooooooooooooooo0"], "run-length"),
            ("polygon", [1, 2, 3], "outline"), ("polygon", [1, "2"], "outline"), ("segmentation", [[1, 2, 3]], "outline"),
            ("polygon", [[[1, 2, 3]]], "outline"), ("keypoints", [1, 2], "keypoints"),
            ("keypoints", [[1]], "keypoints"), ("keypoints", [["x": 1]], "keypoints"),
            ("polygon", [1e300, 2], "outline"),
        ]
        for (key, value, word) in bad {
            let failure = try imageFailure { _ = try merge([[], [["box": [1, 2, 3, 4], .init(key): value]]]) }
            #expect(failure.cause == .app && failure.message.contains(word) && failure.message.contains("unit 1"))
        }
    }

    @Test func twoNeighboursAtAnEdgeAreNotOne() throws {
        // Each touches the edge between the tiles, and they fill different parts of it.
        let neighbours: [JSONValue] = [[["box": [60, 10, 100, 50]]], [["box": [0, 40, 40, 90]]]]
        #expect(try merge(neighbours).count == 2)
        let beside: [JSONValue] = [[["box": [60, 10, 100, 50]]], [["box": [0, 25, 40, 65]]]]
        #expect(try merge(beside).count == 2)
    }

    @Test func suppressionKeepsTheMostCertainOfEachClass() throws {
        let boxes: JSONValue = [
            ["box": [10, 10, 50, 50], "class": "a", "score": 0.5], ["box": [12, 10, 52, 50], "class": "a", "score": 0.9],
            ["box": [14, 10, 54, 50], "class": "a", "score": 0.4], ["box": [10, 10, 50, 50], "class": "b", "score": 0.3],
            ["box": [60, 10, 90, 50], "class": "a", "score": 0.1],
        ]
        #expect(try merge([boxes, []]).count == 5)
        var plan = detectionPlan()
        plan.nms = 0.7
        #expect(try merge([boxes, []], plan).map { $0["score"] } == [0.3, 0.9, 0.1])
        plan.classAgnostic = true
        #expect(try merge([boxes, []], plan).map { $0["score"] } == [0.9, 0.1])
    }

    @Test func piecesOfTwoClassesAreOneWhereClassesDoNotCount() throws {
        let pieces: [JSONValue] = [
            [["box": [60, 10, 100, 50], "class": "bus", "score": 0.4]],
            [["box": [0, 10, 40, 50], "class": "truck", "score": 0.6]],
        ]
        #expect(try merge(pieces).count == 2)
        var plan = detectionPlan()
        plan.classAgnostic = true
        #expect(try merge(pieces, plan) == [["box": [60, 10, 140, 50], "class": "truck", "score": 0.6]])
    }

    private func wholeUnits() throws -> [Unit] {
        let grid = try TileGrid(imageWidth: 200, imageHeight: 100, plan: .tiles(100))
        let whole = try #require(TileGeometry(wholeOf: grid))
        #expect(whole.index == 2 && whole.scaled == PixelSize(width: 100, height: 50))
        return try detectionUnits(200, 100, .tiles(100)) + [Unit(geometry: whole.json, set: [:])]
    }

    @Test func whatOnlyTheWholeImageShowsIsAddedAndItsFragmentsGo() throws {
        let units = try wholeUnits()
        let results: [JSONValue] = [
            // A small object, half of a large one whose other half the right tile did not find, and one inside of it.
            [["box": [5, 5, 15, 15]], ["box": [40, 20, 100, 90], "score": 0.99], ["box": [50, 30, 60, 40]]],
            [["box": [20, 95, 30, 99]]],
            // In px of the scaled image: the small one again, and the large one.
            [["box": [2.5, 2.5, 7.5, 8]], ["box": [20, 10, 80, 45], "polygon": [20, 10, 80, 10, 80, 45], "area": 10]],
        ]
        let merged = try DetectionMerger.merge(units: Array(zip(units, results)), plan: detectionPlan())
        #expect(merged == [
            ["box": [5, 5, 15, 15]],
            ["box": [40, 20, 160, 90], "polygon": [40, 20, 160, 20, 160, 90], "area": 40],
            ["box": [50, 30, 60, 40]], ["box": [120, 95, 130, 99]],
        ])
    }

    @Test func theTilesKnowBetterThanTheWholeImageWhatTheySawWhole() throws {
        let units = try wholeUnits()
        let results: [JSONValue] = [
            [["box": [61, 20, 100, 90], "score": 0.2]], [["box": [0, 20, 41, 90], "score": 0.3]],
            [["box": [30, 10, 71, 45], "score": 0.9]],
        ]
        let merged = try DetectionMerger.merge(units: Array(zip(units, results)), plan: detectionPlan())
        #expect(merged == [["box": [61, 20, 141, 90], "score": 0.3]])
    }

    @Test func theWholeImageIsAUnitOfItsOwn() async throws {
        let workshop = try ImageWorkshop()
        // Quarters of one colour each, so that a pixel of the small image has the colour of its place.
        let shape = PixelShape(80, 40)
        var block = PixelBlock.filled(shape, with: 0)
        for y in 0..<40 {
            for x in 0..<80 { for band in 0..<3 { block.bytes[y * shape.rowSize + x * 3 + band] = UInt8(x / 20 * 60 + y / 20 * 10) } }
        }
        for pads in [false, true] {
            for source in [try workshop.put(block), try workshop.putTIFF(block)] {
                var plan = SplitPlan.tiles(20, pad: pads)
                plan.tileWhole = true
                let units = try workshop.split(source, plan)
                #expect(units.count == 9)
                let whole = try #require(units.last)
                #expect(try TileGeometry(whole).json == whole.geometry)
                #expect(whole.geometry["scaled_width"] == 20 && whole.geometry["scaled_height"] == 10)
                let seen = try await workshop.cutDecoded(whole)
                #expect(seen.shape.width == 20 && seen.shape.height == (pads ? 20 : 10))
                for (x, y) in [(2, 2), (7, 2), (12, 2), (17, 2), (2, 7), (17, 7)] {
                    let expected = x / 5 * 60 + y / 5 * 10
                    #expect(seen.pixel(x, y).allSatisfy { abs(Int($0) - expected) <= 3 }, "\(x), \(y)")
                }
                if pads { #expect(seen.pixel(3, 15).allSatisfy { $0 == 0 }) }
            }
        }
        // One tile shows it all.
        var plan = SplitPlan.tiles(100)
        plan.tileWhole = true
        #expect(try workshop.split(try workshop.put(block), plan).count == 1)
    }
}
