internal import ImflowPlan

/// What two neighbouring tiles both show: a rectangle where they overlap, else the line along which they meet. Two
/// boxes, one of each tile, can show one object only when they agree here: each tile saw the same pixels.
struct SharedRegion {
    private enum Kind {
        case area
        /// The tiles lie side by side, and share too little to measure across.
        case column
        /// One lies below the other.
        case row
    }

    private let region: BoxRect
    private let kind: Kind
    /// The edges of the first and of the second tile between which the line lies.
    private let edges: (first: BoxEdges, second: BoxEdges)
    private let reach: Double

    /// Nil when the tiles have nothing in common, or a corner only.
    init?(_ first: DetectionTile, _ second: DetectionTile) {
        let (a, b) = (first.rect, second.rect)
        guard a.meets(b) else { return nil }
        region = BoxRect(
            minX: max(a.minX, b.minX), minY: max(a.minY, b.minY), maxX: min(a.maxX, b.maxX), maxY: min(a.maxY, b.maxY))
        reach = max(first.tolerance, second.tolerance)
        switch (region.width > 2 * reach, region.height > 2 * reach) {
        case (true, true):
            kind = .area
            edges = ([], [])
        case (false, true):
            kind = .column
            edges = a.minX + a.maxX < b.minX + b.maxX ? (.right, .left) : (.left, .right)
        case (true, false):
            kind = .row
            edges = a.minY + a.maxY < b.minY + b.maxY ? (.bottom, .top) : (.top, .bottom)
        case (false, false): return nil
        }
    }

    /// What the region shows of a box of one of the tiles; nil when nothing, or when it ends before the line. Along a
    /// line it has the width or height 1, so that areas compare as lengths do.
    func part(of box: DetectionBox, isFirst: Bool) -> BoxRect? {
        var part = BoxRect(
            minX: max(region.minX, box.rect.minX), minY: max(region.minY, box.rect.minY),
            maxX: min(region.maxX, box.rect.maxX), maxY: min(region.maxY, box.rect.maxY))
        switch kind {
        case .area: return part.minX <= part.maxX && part.minY <= part.maxY ? part : nil
        case .column:
            guard touches(box, isFirst), part.minY <= part.maxY, box.rect.minX <= region.maxX + reach,
                box.rect.maxX >= region.minX - reach
            else { return nil }
            (part.minX, part.maxX) = (0, 1)
        case .row:
            guard touches(box, isFirst), part.minX <= part.maxX, box.rect.minY <= region.maxY + reach,
                box.rect.maxY >= region.minY - reach
            else { return nil }
            (part.minY, part.maxY) = (0, 1)
        }
        return part
    }

    private func touches(_ box: DetectionBox, _ isFirst: Bool) -> Bool {
        box.cut.isSuperset(of: isFirst ? edges.first : edges.second)
    }

    /// How well two parts agree, 0…1; nil when less than the threshold. An area's ratio is the product of two sides', so
    /// that of one side must reach the root of it.
    func likeness(_ first: BoxRect, _ second: BoxRect, _ plan: MergePlan) -> Double? {
        let threshold = kind == .area ? plan.iou : plan.iou.squareRoot()
        let iou = first.iou(second)
        let measure = plan.metric == .iou ? iou : first.ios(second)
        return measure > 0 && measure >= threshold ? iou : nil
    }
}
