package import ImflowExecution
package import ImflowJSON
package import ImflowPlan

/// Makes one list of the boxes that a model found tile by tile (`detections`).
package enum DetectionMerger {
    /// Moves every box into px of the source image and merges what several tiles saw of one object, per class (or over
    /// all with `plan.classAgnostic`):
    /// 1. Boxes of different tiles are one object when they agree in what both tiles show: where tiles overlap,
    ///    `plan.metric` of the boxes' parts there reaches `plan.iou`; where they only touch, both boxes are cut by the
    ///    edge between them, and the lengths that they fill of it agree by the root of it. Two boxes of one tile are
    ///    never one object.
    /// 2. A box that is whole, not cut by an inner edge of its tile, stands for the object: the one with the highest
    ///    score, then the largest. Else all are pieces, and their union stands for it, with the other members of the
    ///    piece with the highest score; outlines and keypoints are joined, and an `area` is measured again.
    /// 3. A box that the model found in the whole image (`tile_whole`) is one object with that of the tiles which it
    ///    overlaps by an IoU of `plan.iou`; the tiles' stands for it unless it is cut.
    /// 4. A cut box that objects seen by other tiles cover is a piece of them, and is dropped.
    /// 5. With `plan.nms`, what overlaps an object of a higher score by that much is dropped.
    ///
    /// The list is sorted by y, x, and then by everything else, so that neither the order of units nor their shards
    /// change it.
    ///
    /// - Parameter units: a result is a list of box objects, or an object with exactly one list of them. A box is
    ///   `box: [x_min, y_min, x_max, y_max]`, `bbox: [x, y, width, height]` or `x`, `y`, `width`, `height`; its class
    ///   is in `class`, `label` or `category`, its score in `score` or `confidence`. `polygon`, `segmentation` and
    ///   `keypoints` are moved with it, all other members kept.
    /// - Throws: cause `app` when a unit is no tile, or a result holds no such boxes; `cancelled`.
    package static func merge(
        units: [(unit: Unit, result: JSONValue)], plan: MergePlan
    ) throws(Failure) -> JSONValue {
        var gathering = DetectionGathering()
        for (unit, result) in units { try gathering.add(unit, result) }
        return try gathering.merged(plan)
    }
}
