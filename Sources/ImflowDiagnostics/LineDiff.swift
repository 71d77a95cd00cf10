/// How one list of lines becomes another by the fewest removals and insertions (Myers 1986), within a bound.
enum LineDiff {
    /// A part of the old lines, and the lines that take its place.
    struct Change: Equatable {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// More removals and insertions than this are told as one change.
    static let maximumEdits = 1000

    /// The changes from top to bottom, with equal lines between them.
    static func changes(from old: [ArraySlice<UInt8>], to new: [ArraySlice<UInt8>]) -> [Change] {
        var ids: [ArraySlice<UInt8>: Int] = [:]
        func numbers(_ lines: [ArraySlice<UInt8>]) -> [Int] {
            lines.map { line in
                let next = ids.count
                return ids[line] ?? { ids[line] = next; return next }()
            }
        }
        let (a, b) = (numbers(old), numbers(new))
        let prefix = zip(a, b).prefix { $0 == $1 }.count
        let suffix = zip(a.dropFirst(prefix).reversed(), b.dropFirst(prefix).reversed()).prefix { $0 == $1 }.count
        let middleA = Array(a[prefix..<a.count - suffix])
        let middleB = Array(b[prefix..<b.count - suffix])
        if middleA.isEmpty, middleB.isEmpty { return [] }
        let whole = Change(old: 0..<middleA.count, new: 0..<middleB.count)
        return (between(middleA, middleB) ?? [whole]).map { change in
            Change(
                old: change.old.lowerBound + prefix..<change.old.upperBound + prefix,
                new: change.new.lowerBound + prefix..<change.new.upperBound + prefix)
        }
    }

    /// Nil: there are more than ``maximumEdits``.
    private static func between(_ a: [Int], _ b: [Int]) -> [Change]? {
        let limit = min(maximumEdits, a.count + b.count)
        // `furthest[k + limit]`: how far along the diagonal x - y = k one comes.
        var furthest = [Int](repeating: 0, count: 2 * limit + 3)
        var trace: [[Int]] = []
        for edits in 0...limit {
            trace.append(Array(furthest[limit + 1 - edits - 1...limit + 1 + edits + 1]))
            for k in stride(from: -edits, through: edits, by: 2) {
                let at = k + limit + 1
                let isDown = k == -edits || (k != edits && furthest[at - 1] < furthest[at + 1])
                var x = isDown ? furthest[at + 1] : furthest[at - 1] + 1
                while x < a.count, x - k < b.count, x - k >= 0, a[x] == b[x - k] { x += 1 }
                furthest[at] = x
                if x >= a.count, x - k >= b.count { return back(trace, a.count, b.count) }
            }
        }
        return nil
    }

    /// Walks the trace from its end, and joins neighbouring steps.
    private static func back(_ trace: [[Int]], _ countA: Int, _ countB: Int) -> [Change] {
        var changes: [Change] = []
        var (x, y) = (countA, countB)
        for edits in stride(from: trace.count - 1, to: 0, by: -1) {
            let furthest = trace[edits]
            let k = x - y
            let at = k + edits + 1
            let isDown = k == -edits || (k != edits && furthest[at - 1] < furthest[at + 1])
            let fromX = isDown ? furthest[at + 1] : furthest[at - 1]
            let fromY = fromX - (isDown ? k + 1 : k - 1)
            let step = Change(
                old: fromX..<(isDown ? fromX : fromX + 1), new: fromY..<(isDown ? fromY + 1 : fromY))
            if let last = changes.last, last.old.lowerBound == step.old.upperBound,
                last.new.lowerBound == step.new.upperBound
            {
                changes[changes.count - 1] = Change(
                    old: step.old.lowerBound..<last.old.upperBound, new: step.new.lowerBound..<last.new.upperBound)
            } else {
                changes.append(step)
            }
            (x, y) = (fromX, fromY)
        }
        return changes.reversed()
    }
}
