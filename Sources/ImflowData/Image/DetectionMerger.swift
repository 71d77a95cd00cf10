package import ImflowExecution
package import ImflowJSON
package import ImflowPlan

/// Makes one list of the boxes that a model found tile by tile (`detections`).
package enum DetectionMerger {
    /// Boxes in all.
    static let boxLimit = 4_000_000

    /// Moves every box into px of the source image and merges what several tiles saw of one object, per class:
    /// 1. Boxes of different tiles whose `plan.metric` reaches `plan.iou` are one object. A box that is whole, not cut
    ///    by an inner edge of its tile, stands for it: the one with the highest score, then the largest.
    /// 2. Boxes that are cut by the edges between their tiles, and meet there, are pieces of one object: their union
    ///    stands for it, with the other members of the piece with the highest score.
    /// 3. A cut box that objects seen by other tiles cover is a piece of them, and is dropped.
    ///
    /// Two boxes of one tile are never merged. The list is sorted by y, x, and then by everything else, so that neither
    /// the order of units nor their shards change it.
    ///
    /// - Parameter units: a result is a list of box objects, or an object with exactly one list of them. A box is
    ///   `box: [x_min, y_min, x_max, y_max]`, `bbox: [x, y, width, height]` or `x`, `y`, `width`, `height`; its class
    ///   is in `class`, `label` or `category`, its score in `score` or `confidence`. All other members are kept.
    /// - Throws: cause `app` when a unit is no tile, or a result holds no such boxes.
    package static func merge(
        units: [(unit: Unit, result: JSONValue)], plan: MergePlan
    ) throws(Failure) -> JSONValue {
        var boxes: [DetectionBox] = []
        for (unit, result) in units {
            let tile = DetectionTile(try TileGeometry(unit))
            for (position, value) in try list(in: result, of: unit).enumerated() {
                boxes.append(try DetectionBox(value, tile: tile, position: position))
            }
            guard boxes.count <= boxLimit else {
                throw Failure(.app, "detections: more than \(boxLimit) boxes; let the model answer fewer")
            }
        }
        var objects: [DetectedObject] = []
        for (_, group) in Dictionary(grouping: boxes, by: \.className) {
            let ordered = group.sorted { ($0.tile.index, $0.text) < ($1.tile.index, $1.text) }
            let found = try DetectionGroups(ordered, plan: plan).objects()
            objects += try FragmentFilter(threshold: plan.iou).whole(found)
        }
        return .array(objects.sorted { $0.precedes($1) }.map { .object($0.value) })
    }

    private static func list(in result: JSONValue, of unit: Unit) throws(Failure) -> [JSONValue] {
        if let list = result.arrayValue { return list }
        let lists = result.objectValue?.values.compactMap(\.arrayValue) ?? []
        guard lists.count == 1 else {
            throw Failure(
                .app,
                "detections: unit \(unit.index) must give a list of boxes, or an object with exactly one list; it gave "
                    + (result.objectValue == nil ? result.kindName : "an object with \(lists.count) lists"))
        }
        return lists[0]
    }
}

/// An object of the image, put together from what tiles saw of it.
struct DetectedObject: Sendable {
    let rect: BoxRect
    let value: JSONObject
    /// The canonical text of ``value``.
    let text: String
    let className: String
    /// The boxes that ``rect`` was made of: one that was whole, or all pieces.
    let sources: [DetectionBox]
    /// How many tiles saw it whole.
    let wholeViews: Int
    /// Some piece ends at an edge that no other piece crosses: the object goes on where nobody saw it.
    let isCut: Bool

    /// Boxes of one object, of different tiles.
    init(_ boxes: [DetectionBox]) {
        let whole = boxes.filter { box in
            box.cut.isEmpty && boxes.allSatisfy { box.tile.edges(crossedBy: $0.rect).isEmpty }
        }
        wholeViews = whole.count
        let best = (whole.isEmpty ? boxes : whole).min(by: Self.isBetter) ?? boxes[0]
        className = best.className
        if whole.isEmpty {
            let corners = boxes.dropFirst().reduce(boxes[0].corners) { $0.union($1.corners) }
            let rect = corners.rect
            self.rect = rect
            value = corners == best.corners ? best.value : best.value(at: corners)
            sources = boxes
            isCut = boxes.contains { !$0.cut.subtracting($0.tile.edges(crossedBy: rect)).isEmpty }
        } else {
            rect = best.rect
            value = best.value
            sources = [best]
            isCut = false
        }
        text = JSONValue.object(value).canonicalText
    }

    /// By score, then area, then place, then everything else.
    private static func isBetter(_ left: DetectionBox, _ right: DetectionBox) -> Bool {
        let a = (left.score, left.rect.area, right.rect.minY, right.rect.minX)
        let b = (right.score, right.rect.area, left.rect.minY, left.rect.minX)
        return a == b ? (left.text, left.tile.index) < (right.text, right.tile.index) : a > b
    }

    /// The order of the result.
    func precedes(_ other: DetectedObject) -> Bool {
        let a = (rect.minY, rect.minX, rect.maxY, rect.maxX)
        let b = (other.rect.minY, other.rect.minX, other.rect.maxY, other.rect.maxX)
        return a == b ? (className, text) < (other.className, other.text) : a < b
    }
}
