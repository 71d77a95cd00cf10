internal import ImflowExecution
internal import ImflowPlan

/// Groups boxes of one class that show one object, never two of one tile.
///
/// Two boxes may be one object when they agree in what their tiles both show (``SharedRegion``). Of two tiles an object
/// has one box each, so pairs compete. Those that agree better than any rival decide first. What is left are boxes that
/// look alike, such as those of tiles that two objects fill: of these a group that knows a side of its object goes before
/// one that shows only its inside, and the more pairs speak for two groups the sooner they are one.
struct DetectionGroups {
    private let scene: DetectionScene
    private let plan: MergePlan
    private var links: GroupLinks

    /// Less than this apart, two likenesses are equal.
    private static let precision = 1e-9
    /// Looks at pairs that have rivals: some seconds' work. Those left over are joined as they agree.
    private static let patience = 20_000_000

    private struct Pair {
        var first: Int32
        var second: Int32
        /// 0…1.
        var likeness: Double
        /// How far the scores are apart, where one of the boxes agrees as well with another of the same tile; else nil.
        var difference: Double?

        static func < (left: Pair, right: Pair) -> Bool {
            if left.likeness != right.likeness { return left.likeness > right.likeness }
            let (a, b) = (left.difference ?? 0, right.difference ?? 0)
            return a == b ? (left.first, left.second) < (right.first, right.second) : a < b
        }
    }

    init(_ scene: DetectionScene, plan: MergePlan) {
        self.scene = scene
        self.plan = plan
        var knowsSide: [Bool] = []
        for run in scene.runs {
            let interior = scene.neighbours.tiles[run.tile].interior
            knowsSide += run.boxes.map { scene.boxes[$0].cut != interior }
        }
        links = GroupLinks(tiles: scene.boxes.map(\.tile), knowsSide: knowsSide)
    }

    consuming func objects() throws(Failure) -> [DetectedObject] {
        let pairs = try pairs()
        for pair in pairs where pair.difference == nil { links.join(Int(pair.first), Int(pair.second)) }
        settle(pairs.filter { $0.difference != nil })
        return links.groups.map { members in DetectedObject(members, in: scene) }
    }

    /// Joins what has rivals, in rounds: in each, the groups of which for both the most speaks for each other.
    private mutating func settle(_ pairs: [Pair]) {
        var open = pairs
        var looks = 0
        while true {
            open = open.filter { links.canJoin(Int($0.first), Int($0.second)) }
            looks += open.count
            guard !open.isEmpty, looks < Self.patience else { break }
            let meetings = open.map { links.meeting(Int($0.first), Int($0.second)) }
            var support: [GroupLinks.Meeting: Double] = [:]
            for (pair, meeting) in zip(open, meetings) { support[meeting, default: 0] += pair.likeness }
            // No two groups have more to speak for them than there are pairs.
            let ranks = meetings.map { (support[$0] ?? 0) + (links.knowsSide($0) ? Double(open.count) : 0) }
            var best: [Int32: Double] = [:]
            for (meeting, rank) in zip(meetings, ranks) {
                best[meeting.first] = max(best[meeting.first] ?? 0, rank)
                best[meeting.second] = max(best[meeting.second] ?? 0, rank)
            }
            var changed: Set<Int32> = []
            for place in open.indices {
                let (meeting, rank) = (meetings[place], ranks[place])
                guard best[meeting.first] == rank, best[meeting.second] == rank, !changed.contains(meeting.first),
                    !changed.contains(meeting.second)
                else { continue }
                if links.join(Int(open[place].first), Int(open[place].second)) {
                    changed.formUnion([meeting.first, meeting.second])
                }
            }
        }
        for pair in open { links.join(Int(pair.first), Int(pair.second)) }
    }

    /// Pairs that may be kept: more than honest answers have, however many tiles overlap.
    private var pairLimit: Int {
        scene.runs.reduce(200_000) { sum, run in
            min(BoxSweep.pairLimit, sum + 8 * run.boxes.count * scene.neighbours.around(run.tile).count)
        }
    }

    private func pairs() throws(Failure) -> [Pair] {
        let runs = Dictionary(uniqueKeysWithValues: scene.runs.enumerated().map { ($1.tile, $0) })
        var pairs: [Pair] = []
        let limit = pairLimit
        for run in scene.runs {
            for tile in scene.neighbours.later(than: run.tile) {
                guard let other = runs[Int(tile)] else { continue }
                try append(run, scene.runs[other], to: &pairs, limit)
            }
        }
        return pairs.sorted(by: <)
    }

    /// The pairs of two tiles.
    private func append(
        _ first: DetectionScene.Run, _ second: DetectionScene.Run, to pairs: inout [Pair], _ limit: Int
    ) throws(Failure) {
        let tiles = scene.neighbours.tiles
        guard let region = SharedRegion(tiles[first.tile], tiles[second.tile]) else { return }
        let left = parts(of: first, in: region, isFirst: true)
        let right = parts(of: second, in: region, isFirst: false)
        var found: [(left: Int, right: Int, likeness: Double)] = []
        let room = limit - pairs.count
        try BoxSweep.meetings(left.map(\.part), right.map(\.part)) { (one, other) throws(Failure) in
            guard let likeness = region.likeness(left[one].part, right[other].part, plan) else { return }
            guard found.count < room else { throw BoxSweep.tooMany(scene.boxes.count) }
            found.append((one, other, likeness))
        }
        var leftBest = [Best](repeating: Best(), count: left.count)
        var rightBest = [Best](repeating: Best(), count: right.count)
        for pair in found {
            leftBest[pair.left].add(pair.likeness)
            rightBest[pair.right].add(pair.likeness)
        }
        for pair in found {
            let rival = max(leftBest[pair.left].rival(of: pair.likeness), rightBest[pair.right].rival(of: pair.likeness))
            let hasRival = rival > pair.likeness - Self.precision
            let (one, other) = (left[pair.left].box, right[pair.right].box)
            pairs.append(
                Pair(
                    first: Int32(one), second: Int32(other), likeness: pair.likeness,
                    difference: hasRival ? abs(scene.boxes[one].score - scene.boxes[other].score) : nil))
        }
    }

    private func parts(
        of run: DetectionScene.Run, in region: SharedRegion, isFirst: Bool
    ) -> [(box: Int, part: BoxRect)] {
        run.boxes.compactMap { box in region.part(of: scene.boxes[box], isFirst: isFirst).map { (box, $0) } }
    }

    /// The two largest likenesses of a box to boxes of one other tile.
    private struct Best {
        private var first = 0.0
        private var second = 0.0

        mutating func add(_ likeness: Double) {
            if likeness > first { (first, second) = (likeness, first) } else { second = max(second, likeness) }
        }

        /// The largest besides one of `likeness`.
        func rival(of likeness: Double) -> Double { likeness == first ? second : first }
    }
}

/// Disjoint groups of boxes, none with two boxes of one tile.
struct GroupLinks {
    /// By box: one nearer to the box that leads its group, or itself.
    private var leaders: [Int32]
    /// By box: another of its group, in a ring.
    private var rings: [Int32]
    /// By leader.
    private var counts: [Int32]
    /// By box.
    private let tiles: [Int]
    /// By leader: some box of the group does not touch all inner edges of its tile.
    private var knowsSide: [Bool]
    /// By leader, of groups that have grown beyond ``few``.
    private var tilesOfLarge: [Int32: Set<Int>] = [:]

    private static let few = 8

    /// Two groups, by their leaders.
    struct Meeting: Hashable {
        let first: Int32
        let second: Int32
    }

    init(tiles: [Int], knowsSide: [Bool]) {
        self.tiles = tiles
        self.knowsSide = knowsSide
        leaders = tiles.indices.map(Int32.init)
        rings = leaders
        counts = [Int32](repeating: 1, count: tiles.count)
    }

    /// The groups of two boxes.
    mutating func meeting(_ first: Int, _ second: Int) -> Meeting {
        let (a, b) = (leader(Int32(first)), leader(Int32(second)))
        return Meeting(first: min(a, b), second: max(a, b))
    }

    /// Whether one of them has a box that shows where its object ends.
    func knowsSide(_ meeting: Meeting) -> Bool { knowsSide[Int(meeting.first)] || knowsSide[Int(meeting.second)] }

    /// Whether the boxes are of two groups that have no tile in common.
    mutating func canJoin(_ first: Int, _ second: Int) -> Bool {
        let (large, small) = ordered(first, second)
        return large != small && areDisjoint(large, small)
    }

    private mutating func ordered(_ first: Int, _ second: Int) -> (large: Int32, small: Int32) {
        let (a, b) = (leader(Int32(first)), leader(Int32(second)))
        return counts[Int(a)] < counts[Int(b)] ? (b, a) : (a, b)
    }

    /// Makes one group of those of two boxes, unless they are one or have a tile in common; whether it did.
    @discardableResult
    mutating func join(_ first: Int, _ second: Int) -> Bool {
        let (large, small) = ordered(first, second)
        guard large != small, areDisjoint(large, small) else { return false }
        let moved = members(small)
        leaders[Int(small)] = large
        counts[Int(large)] += counts[Int(small)]
        rings.swapAt(Int(large), Int(small))
        if tilesOfLarge[large] != nil {
            for box in moved { tilesOfLarge[large]?.insert(tiles[Int(box)]) }
        } else if counts[Int(large)] > Self.few {
            tilesOfLarge[large] = Set(members(large).map { tiles[Int($0)] })
        }
        tilesOfLarge[small] = nil
        if knowsSide[Int(small)] { knowsSide[Int(large)] = true }
        return true
    }

    /// Every group's boxes in order, the groups by their first.
    var groups: [[Int]] {
        var seen = [Bool](repeating: false, count: leaders.count)
        var groups: [[Int]] = []
        for box in leaders.indices where !seen[box] {
            let group = members(Int32(box)).map(Int.init).sorted()
            for member in group { seen[member] = true }
            groups.append(group)
        }
        return groups
    }

    private mutating func leader(_ box: Int32) -> Int32 {
        var box = box
        while leaders[Int(box)] != box {
            leaders[Int(box)] = leaders[Int(leaders[Int(box)])]
            box = leaders[Int(box)]
        }
        return box
    }

    private func members(_ start: Int32) -> [Int32] {
        var all = [start]
        var next = rings[Int(start)]
        while next != start {
            all.append(next)
            next = rings[Int(next)]
        }
        return all
    }

    private func areDisjoint(_ large: Int32, _ small: Int32) -> Bool {
        if let taken = tilesOfLarge[large] {
            return members(small).allSatisfy { !taken.contains(tiles[Int($0)]) }
        }
        let taken = members(large).map { tiles[Int($0)] }
        return members(small).allSatisfy { !taken.contains(tiles[Int($0)]) }
    }
}
