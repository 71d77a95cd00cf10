internal import ImflowExecution

/// Lays what the model found in the whole image, scaled down, beside the objects that the tiles show of one class.
struct WholeViews {
    let scene: DetectionScene
    /// IoU from which on a box of the whole image and an object of the tiles are one, 0…1.
    let threshold: Double

    /// Every box of the whole image is one object with at most one of the tiles', the best pairs first. The tiles saw it
    /// larger and stand for it, unless all that they have is cut.
    func joined(_ objects: [DetectedObject]) throws(Failure) -> [DetectedObject] {
        let whole = objects.indices.filter { isWhole(objects[$0]) }
        let tiled = objects.indices.filter { !isWhole(objects[$0]) }
        var pairs: [(whole: Int, tiled: Int, iou: Double)] = []
        try BoxSweep.meetings(whole.map { objects[$0].rect }, tiled.map { objects[$0].rect }) {
            (one, other) throws(Failure) in
            let iou = objects[whole[one]].rect.iou(objects[tiled[other]].rect)
            guard iou > 0, iou >= threshold else { return }
            guard pairs.count < BoxSweep.pairLimit else { throw BoxSweep.tooMany(scene.boxes.count) }
            pairs.append((whole[one], tiled[other], iou))
        }
        var isMatched = [Bool](repeating: false, count: objects.count)
        var isDropped = isMatched
        for pair in pairs.sorted(by: { ($1.iou, $0.whole, $0.tiled) < ($0.iou, $1.whole, $1.tiled) })
        where !isMatched[pair.whole] && !isMatched[pair.tiled] {
            isMatched[pair.whole] = true
            isMatched[pair.tiled] = true
            isDropped[objects[pair.tiled].isCut ? pair.tiled : pair.whole] = true
        }
        return objects.indices.filter { !isDropped[$0] }.map { objects[$0] }
    }

    private func isWhole(_ object: DetectedObject) -> Bool { scene.tile(of: object.best).isWhole }
}
