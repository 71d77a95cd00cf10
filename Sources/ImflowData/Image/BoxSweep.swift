internal import ImflowExecution

/// Finds rectangles that meet by moving a line over them from left to right.
enum BoxSweep {
    /// Pairs that may be found, and steps that may be made: some seconds' work, and what fits in memory.
    static let pairLimit = 2_000_000
    private static let stepLimit = 4_000_000_000

    /// Asks `body` once for each two of `rects` that overlap or lie within `margin` of each other, by their positions
    /// in order, and answers what it made of them. Fails with cause `app` when there are too many.
    static func pairs<Pair>(
        _ rects: [BoxRect], margin: Double, _ body: (_ first: Int, _ second: Int) -> Pair?
    ) throws(Failure) -> [Pair] {
        var pairs: [Pair] = []
        var active: [Int] = []
        var steps = 0
        for index in rects.indices.sorted(by: { (rects[$0].minX, $0) < (rects[$1].minX, $1) }) {
            let rect = rects[index]
            active.removeAll { rects[$0].maxX + margin < rect.minX }
            for other in active
            where rects[other].minY - margin <= rect.maxY && rects[other].maxY + margin >= rect.minY {
                if let pair = body(min(index, other), max(index, other)) { pairs.append(pair) }
            }
            steps += active.count
            active.append(index)
            guard pairs.count <= pairLimit, steps <= stepLimit else {
                throw Failure(
                    .app,
                    "detections: too many of the \(rects.count) boxes overlap; let the model answer fewer"
                )
            }
        }
        return pairs
    }
}
