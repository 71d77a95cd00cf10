internal import ImflowExecution
internal import ImflowPlan

/// Non-maximum suppression over the objects of one class (`merge.nms`): the most certain stands, and takes away those
/// that overlap it too much.
struct DetectionSuppression {
    let scene: DetectionScene
    /// From which overlap on, 0…1, an object is taken away.
    let threshold: Double
    let metric: MergePlan.Metric

    /// By score, then area, then place.
    func kept(_ objects: [DetectedObject]) throws(Failure) -> [DetectedObject] {
        let order = objects.indices.sorted { left, right in
            let (a, b) = (objects[left], objects[right])
            let (first, second) = (scene.boxes[a.best].score, scene.boxes[b.best].score)
            return (second, b.rect.area, left) < (first, a.rect.area, right)
        }
        var ranks = [Int](repeating: 0, count: objects.count)
        for (rank, index) in order.enumerated() { ranks[index] = rank }
        var stronger = [[Int32]](repeating: [], count: objects.count)
        var count = 0
        try BoxSweep.meetings(among: objects.map(\.rect)) { (one, other) throws(Failure) in
            let (a, b) = (objects[one].rect, objects[other].rect)
            let measure = metric == .iou ? a.iou(b) : a.ios(b)
            guard measure > 0, measure >= threshold else { return }
            count += 1
            guard count <= BoxSweep.pairLimit else { throw BoxSweep.tooMany(objects.count) }
            let isFirst = ranks[one] < ranks[other]
            stronger[isFirst ? other : one].append(Int32(isFirst ? one : other))
        }
        var isKept = [Bool](repeating: true, count: objects.count)
        for index in order { isKept[index] = !stronger[index].contains { isKept[Int($0)] } }
        return objects.indices.filter { isKept[$0] }.map { objects[$0] }
    }
}
