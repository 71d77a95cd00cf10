internal import ImflowExecution

/// Finds rectangles that meet by moving a line over them from left to right, in O((n + k) log n) for n rectangles of
/// which k pairs meet: those that the line crosses stand in a tree by which all that meet an interval are found.
enum BoxSweep {
    /// Pairs that one call may find: about half a minute's work.
    static let meetingLimit = 500_000_000
    /// Pairs that a caller may keep.
    static let pairLimit = 16_000_000
    /// Below this many pairs in all, each is looked at.
    private static let fewPairs = 512

    private struct Event {
        var x: Double
        var index: Int32
        var isLeft: Bool
    }

    /// Calls `body` once for each of `left` that has a point in common with one of `right`, borders included, by
    /// their positions. Fails with cause `app` when there are more than ``meetingLimit``.
    static func meetings(
        _ left: [BoxRect], _ right: [BoxRect], _ body: (_ left: Int, _ right: Int) throws(Failure) -> Void
    ) throws(Failure) {
        guard !left.isEmpty, !right.isEmpty else { return }
        guard left.count > fewPairs / right.count else {
            return try sweep(left, right, body)
        }
        for one in left.indices {
            for other in right.indices where left[one].meets(right[other]) { try body(one, other) }
        }
    }

    /// Calls `body` once for each two of `rects` that have a point in common, by their positions in order.
    static func meetings(
        among rects: [BoxRect], _ body: (_ first: Int, _ second: Int) throws(Failure) -> Void
    ) throws(Failure) {
        let order = rects.indices.sorted { (rects[$0].minX, $0) < (rects[$1].minX, $1) }
        var active = ActiveIntervals(rects)
        var leaving = Leaving(rects)
        var found = 0
        for index in order {
            leaving.pass(before: rects[index].minX) { active.remove($0) }
            try active.visit(rects[index].minY, rects[index].maxY) { (other) throws(Failure) in
                try count(&found, of: rects.count)
                try body(min(index, other), max(index, other))
            }
            active.insert(index)
        }
    }

    private static func sweep(
        _ left: [BoxRect], _ right: [BoxRect], _ body: (_ left: Int, _ right: Int) throws(Failure) -> Void
    ) throws(Failure) {
        var events = left.indices.map { Event(x: left[$0].minX, index: Int32($0), isLeft: true) }
        events += right.indices.map { Event(x: right[$0].minX, index: Int32($0), isLeft: false) }
        events.sort { $0.x < $1.x }
        var lefts = ActiveIntervals(left)
        var rights = ActiveIntervals(right)
        var leftLeaving = Leaving(left)
        var rightLeaving = Leaving(right)
        var found = 0
        for event in events {
            let index = Int(event.index)
            leftLeaving.pass(before: event.x) { lefts.remove($0) }
            rightLeaving.pass(before: event.x) { rights.remove($0) }
            if event.isLeft {
                try rights.visit(left[index].minY, left[index].maxY) { (other) throws(Failure) in
                    try count(&found, of: left.count + right.count)
                    try body(index, other)
                }
                lefts.insert(index)
            } else {
                try lefts.visit(right[index].minY, right[index].maxY) { (other) throws(Failure) in
                    try count(&found, of: left.count + right.count)
                    try body(other, index)
                }
                rights.insert(index)
            }
        }
    }

    private static func count(_ found: inout Int, of boxes: Int) throws(Failure) {
        found += 1
        if found > meetingLimit { throw tooMany(boxes) }
    }

    static func tooMany(_ boxes: Int) -> Failure {
        Failure(.app, "detections: too many of \(boxes) boxes of one class overlap; let the model answer fewer")
    }

    /// The rectangles in the order in which the line leaves them.
    private struct Leaving {
        private let rects: [BoxRect]
        private let order: [Int]
        private var next = 0

        init(_ rects: [BoxRect]) {
            self.rects = rects
            order = rects.indices.sorted { rects[$0].maxX < rects[$1].maxX }
        }

        mutating func pass(before x: Double, _ body: (Int) -> Void) {
            while next < order.count, rects[order[next]].maxX < x {
                body(order[next])
                next += 1
            }
        }
    }
}

/// The vertical extents of the rectangles that a sweep's line crosses: a complete binary tree over all rectangles by
/// their upper borders, of which each node knows the lowest lower border of the crossed ones below it.
private struct ActiveIntervals {
    /// By position in the tree: the rectangle, and its upper border.
    private let order: [Int32]
    private let starts: [Double]
    /// By rectangle.
    private let ends: [Double]
    private let places: [Int32]
    private let capacity: Int
    private var lowest: [Double]

    init(_ rects: [BoxRect]) {
        let order = rects.indices.sorted { (rects[$0].minY, $0) < (rects[$1].minY, $1) }
        var places = [Int32](repeating: 0, count: rects.count)
        for (place, index) in order.enumerated() { places[index] = Int32(place) }
        self.order = order.map(Int32.init)
        self.places = places
        starts = order.map { rects[$0].minY }
        ends = rects.map(\.maxY)
        var capacity = 1
        while capacity < rects.count { capacity *= 2 }
        self.capacity = capacity
        lowest = [Double](repeating: -.infinity, count: 2 * capacity)
    }

    mutating func insert(_ index: Int) { set(index, ends[index]) }
    mutating func remove(_ index: Int) { set(index, -.infinity) }

    private mutating func set(_ index: Int, _ end: Double) {
        var node = capacity + Int(places[index])
        lowest[node] = end
        while node > 1 {
            node /= 2
            let value = max(lowest[2 * node], lowest[2 * node + 1])
            if lowest[node] == value { return }
            lowest[node] = value
        }
    }

    /// Those that have a point of `low`…`high`.
    func visit(_ low: Double, _ high: Double, _ body: (Int) throws(Failure) -> Void) throws(Failure) {
        guard !starts.isEmpty else { return }
        try visit(1, first: 0, span: capacity, low, high, body)
    }

    private func visit(
        _ node: Int, first: Int, span: Int, _ low: Double, _ high: Double, _ body: (Int) throws(Failure) -> Void
    ) throws(Failure) {
        guard lowest[node] >= low, first < starts.count, starts[first] <= high else { return }
        guard span > 1 else { return try body(Int(order[first])) }
        try visit(2 * node, first: first, span: span / 2, low, high, body)
        try visit(2 * node + 1, first: first + span / 2, span: span / 2, low, high, body)
    }
}
