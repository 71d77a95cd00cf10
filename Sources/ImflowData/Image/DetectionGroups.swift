internal import ImflowExecution
internal import ImflowPlan

/// Groups boxes of one class that show one object, never two of one tile. The most certain pairs are grouped first, so
/// the outcome does not depend on the order of the boxes.
struct DetectionGroups {
    private let boxes: [DetectionBox]
    private let plan: MergePlan
    /// By box: a box of its group that stands for it, or itself.
    private var leaders: [Int]
    /// By leader.
    private var members: [[Int]]

    private struct Pair {
        var first: Int
        var second: Int
        /// Two pieces that meet at an edge, rather than two views of one object.
        var isSeam: Bool
        /// 0…1.
        var certainty: Double
    }

    /// `boxes` are sorted.
    init(_ boxes: [DetectionBox], plan: MergePlan) {
        self.boxes = boxes
        self.plan = plan
        leaders = Array(boxes.indices)
        members = boxes.indices.map { [$0] }
    }

    consuming func objects() throws(Failure) -> [DetectedObject] {
        for pair in try pairs() { join(pair.first, pair.second) }
        return boxes.indices.filter { leaders[$0] == $0 }.map { leader in
            DetectedObject(members[leader].sorted().map { boxes[$0] })
        }
    }

    private func pairs() throws(Failure) -> [Pair] {
        let margin = 2 * (boxes.map(\.tile.tolerance).max() ?? 1)
        let pairs = try BoxSweep.pairs(boxes.map(\.rect), margin: margin) { pair($0, $1) }
        return pairs.sorted { left, right in
            if left.isSeam != right.isSeam { return right.isSeam }
            if left.certainty != right.certainty { return left.certainty > right.certainty }
            return (left.first, left.second) < (right.first, right.second)
        }
    }

    private func pair(_ first: Int, _ second: Int) -> Pair? {
        let (a, b) = (boxes[first], boxes[second])
        guard a.tile.index != b.tile.index else { return nil }
        let iou = a.rect.iou(b.rect)
        let metric = plan.metric == .iou ? iou : a.rect.ios(b.rect)
        if metric > 0, metric >= plan.iou { return Pair(first: first, second: second, isSeam: false, certainty: iou) }
        guard let certainty = seam(a, b) else { return nil }
        return Pair(first: first, second: second, isSeam: true, certainty: certainty)
    }

    /// How well two cut boxes continue each other behind the edge between their tiles, 0…1; nil when they do not.
    private func seam(_ a: DetectionBox, _ b: DetectionBox) -> Double? {
        if a.cut.isEmpty || b.cut.isEmpty { return nil }
        let alongX = a.rect.minX...a.rect.maxX
        let alongY = a.rect.minY...a.rect.maxY
        let isBeside =
            continues(a, b, from: .right, to: .left, \.minX, \.maxX)
            || continues(b, a, from: .right, to: .left, \.minX, \.maxX)
        let isBelow =
            continues(a, b, from: .bottom, to: .top, \.minY, \.maxY)
            || continues(b, a, from: .bottom, to: .top, \.minY, \.maxY)
        return [
            isBeside ? likeness(alongY, b.rect.minY...b.rect.maxY) : nil,
            isBelow ? likeness(alongX, b.rect.minX...b.rect.maxX) : nil,
        ].compactMap(\.self).max()
    }

    /// Whether `a` goes on in `b`: both fill what their tiles have in common across the edge, and each is cut by its
    /// own tile's edge in the direction of the other.
    private func continues(
        _ a: DetectionBox, _ b: DetectionBox, from: BoxEdges, to: BoxEdges, _ low: KeyPath<BoxRect, Double>,
        _ high: KeyPath<BoxRect, Double>
    ) -> Bool {
        guard a.cut.contains(from), b.cut.contains(to) else { return false }
        let (edgeOfA, edgeOfB) = (a.tile.rect[keyPath: high], b.tile.rect[keyPath: low])
        let reach = max(a.tile.tolerance, b.tile.tolerance)
        return a.tile.rect[keyPath: low] < edgeOfB && edgeOfA < b.tile.rect[keyPath: high] && edgeOfB <= edgeOfA
            && a.rect[keyPath: low] <= edgeOfB + reach && b.rect[keyPath: high] >= edgeOfA - reach
    }

    /// How much of the union two extents along an edge have in common; nil when it is less than the threshold of the
    /// smaller one.
    private func likeness(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>) -> Double? {
        let common = min(a.upperBound, b.upperBound) - max(a.lowerBound, b.lowerBound)
        let lengths = (a.upperBound - a.lowerBound, b.upperBound - b.lowerBound)
        guard common > 0, common >= plan.iou * min(lengths.0, lengths.1) else { return nil }
        return common / (lengths.0 + lengths.1 - common)
    }

    private mutating func join(_ first: Int, _ second: Int) {
        let (a, b) = (leaders[first], leaders[second])
        guard a != b else { return }
        let isDisjoint = members[a].allSatisfy { one in
            members[b].allSatisfy { boxes[one].tile.index != boxes[$0].tile.index }
        }
        guard isDisjoint else { return }
        let (large, small) = members[a].count >= members[b].count ? (a, b) : (b, a)
        for member in members[small] { leaders[member] = large }
        members[large] += members[small]
        members[small] = []
    }
}
