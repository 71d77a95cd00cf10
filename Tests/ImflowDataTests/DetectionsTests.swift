import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// The units of a grid without an image behind it.
func detectionUnits(_ width: Int, _ height: Int, _ plan: SplitPlan) throws -> [Unit] {
    let grid = try TileGrid(imageWidth: width, imageHeight: height, plan: plan)
    return (0..<grid.count).map { Unit(geometry: TileGeometry(index: $0, in: grid).json, set: [:]) }
}

func detectionPlan(_ iou: Double = 0.5, _ metric: MergePlan.Metric = .iou) -> MergePlan {
    MergePlan(strategy: .detections, iou: iou, metric: metric)
}

@Suite struct DetectionsTests {
    /// Two tiles of 100 × 100 px that overlap by 20: 0…100 and 80…180.
    private func pair(_ left: JSONValue, _ right: JSONValue, _ plan: MergePlan = detectionPlan()) throws -> JSONValue {
        let units = try detectionUnits(180, 100, .tiles(100, overlap: 20))
        return try DetectionMerger.merge(units: [(units[0], left), (units[1], right)], plan: plan)
    }

    private func box(_ corners: [Int], _ name: String = "cat", score: Double = 0.5) -> JSONValue {
        ["box": .array(corners.map { .int(Int64($0)) }), "class": .string(name), "score": .number(score)]
    }

    @Test func movesEveryFormAndKeepsWhatElseThereIs() throws {
        let merged = try pair(
            [],
            [
                "frame": 3,
                "boxes": [
                    ["box": [1, 2, 3, 4], "label": "a", "more": ["x": 1]],
                    ["bbox": [10, 2, 3.5, 4], "category": 7],
                    ["x": 20.5, "y": 2, "width": 3, "height": 4, "confidence": 0.25, "text": "hi"],
                ],
            ])
        #expect(
            merged == [
                ["box": [81, 2, 83, 4], "label": "a", "more": ["x": 1]],
                ["bbox": [90, 2, 3.5, 4], "category": 7],
                ["x": 100.5, "y": 2, "width": 3, "height": 4, "confidence": 0.25, "text": "hi"],
            ])
        // Integers stay integers, down to the bytes.
        #expect(merged.text.hasPrefix(#"[{"box":[81,2,83,4],"label":"a""#))
    }

    @Test func noUnitsAndNoBoxesGiveAnEmptyList() throws {
        #expect(try DetectionMerger.merge(units: [], plan: detectionPlan()) == [])
        #expect(try pair([], ["boxes": []]) == [])
    }

    @Test func oneObjectSeenByTwoTilesIsOneBox() throws {
        #expect(
            try pair([box([82, 10, 95, 20], score: 0.6)], [box([3, 11, 15, 20], score: 0.9)])
                == [box([83, 11, 95, 20], score: 0.9)])
    }

    @Test func classesAreKeptApart() throws {
        let merged = try pair([box([82, 10, 95, 20], "cat")], [box([2, 10, 15, 20], "dog")])
        #expect(merged.arrayValue?.count == 2)
    }

    @Test func boxesOfOneTileAreNeverMerged() throws {
        let nested: JSONValue = [box([10, 10, 70, 70]), box([12, 12, 68, 68])]
        #expect(try pair(nested, []).arrayValue?.count == 2)
        // Seen by both tiles, each in the overlap.
        let left: JSONValue = [box([81, 10, 98, 40]), box([82, 11, 97, 39])]
        let right: JSONValue = [box([1, 10, 18, 40]), box([2, 11, 17, 39])]
        for metric in [MergePlan.Metric.iou, .ios] {
            #expect(try pair(left, right, detectionPlan(0.5, metric)) == left)
        }
        // Cut by the edge between tiles that do not overlap.
        let units = try detectionUnits(200, 100, .tiles(100))
        let merged = try DetectionMerger.merge(
            units: [
                (units[0], [box([60, 10, 100, 60]), box([70, 15, 100, 50])]),
                (units[1], [box([0, 10, 40, 60]), box([0, 15, 30, 50])]),
            ], plan: detectionPlan())
        #expect(merged == [box([60, 10, 140, 60]), box([70, 15, 130, 50])])
    }

    @Test func aWholeBoxStandsForACutOneOfHigherScore() throws {
        // Whole in the right tile; the left one sees it up to its edge.
        let merged = try pair([box([83, 10, 100, 20], score: 0.9)], [box([3, 10, 24, 20], score: 0.3)])
        #expect(merged == [box([83, 10, 104, 20], score: 0.3)])
    }

    @Test func aFragmentThatAWholeBoxCoversIsDropped() throws {
        for metric in [MergePlan.Metric.iou, .ios] {
            // An object from 30 to 90: the right tile sees its last 10 px.
            let merged = try pair(
                [box([30, 10, 90, 20])], [box([0, 10, 10, 20], score: 0.99)], detectionPlan(0.5, metric))
            #expect(merged == [box([30, 10, 90, 20])])
        }
    }

    @Test func aNeighbourBesideTheEdgeIsNoFragment() throws {
        // The right tile's box is cut at the left edge, but the left tile's object ends before it.
        let left = box([60, 10, 79, 20]), right = box([0, 50, 15, 60])
        #expect(try pair([left], [right]) == [left, box([80, 50, 95, 60])])
    }

    @Test func aWordAndItsFragmentsAreTheWord() throws {
        func word(_ text: String, _ box: [Int], _ score: Double) -> JSONValue {
            [
                "text": .string(text), "box": .array(box.map { .int(Int64($0)) }), "class": "word",
                "score": .number(score),
            ]
        }
        // The left tile reads "hello" from 55 to 95; the right one, which starts at 80, reads what is left of it.
        let whole = word("hello", [55, 10, 95, 22], 0.8)
        for fragments in [
            [word("lo", [0, 10, 15, 22], 0.99)], [word("lo", [2, 11, 15, 22], 0.99)],
            [word("l", [1, 10, 5, 22], 0.9), word("o", [8, 14, 15, 22], 0.97)],
        ] {
            #expect(try pair([whole], .array(fragments)) == [whole])
        }
        // The cut letter left out: "hell" does not touch the edge, but the whole word crosses it.
        let tail = word("hello", [3, 10, 45, 22], 0.7)
        #expect(
            try pair([word("hell", [83, 10, 97, 22], 0.95)], [tail]) == [word("hello", [83, 10, 125, 22], 0.7)])
    }

    @Test func anObjectThatTwoTilesSawWholeIsNoFragment() throws {
        // A small box inside of a large one, both seen by the right tile, the small one by both.
        let merged = try pair([box([83, 30, 93, 40])], [box([3, 30, 13, 40]), box([2, 10, 90, 90])])
        #expect(merged.arrayValue?.count == 2)
    }

    @Test func refusesWhatIsNoBox() throws {
        let bad: [(JSONValue, String)] = [
            (3, "a number"), ([:], "0 lists"), (["a": [], "b": []], "2 lists"), ([3], "box 0"),
            ([["box": [1, 2, 3]]], "box 0"),
            ([["box": [1, 2, 3, "4"]]], "box 0"), ([["box": [5, 5, 4, 6]]], "negative"),
            ([["bbox": [5, 5, 4, -1]]], "negative"),
            ([["x": 1, "y": 2, "width": 3]], "box 0"), ([["box": [.number(.nan), 2, 3, 4]]], "box 0"),
            ([["box": [.int(.max), 2, .int(.max), 4]]], "box 0"), ([["box": [1e300, 2, 1e308, 4]]], "box 0"),
        ]
        for (result, word) in bad {
            let failure = try imageFailure { _ = try pair([], result) }
            #expect(failure.cause == .app)
            #expect(failure.message.contains("unit 1") && failure.message.contains(word), "\(failure.message)")
        }
        let failure = try imageFailure {
            _ = try DetectionMerger.merge(
                units: [(Unit(geometry: ["index": 6], set: [:]), [])], plan: detectionPlan())
        }
        #expect(failure.message.contains("unit 6") && failure.message.contains("split_mode: tile"))
    }
}
