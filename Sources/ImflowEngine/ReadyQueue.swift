/// Ready tasks: larger priority first, then the older task. Tasks stand in groups (the stages), and groups in lanes (what
/// they share a limit with), so that a group or a lane at its limit steps aside as a whole and keeps nobody else waiting.
struct ReadyQueue: Sendable {
    private struct Rank: Comparable, Sendable {
        var priority: Int
        var task: Int

        static func < (left: Rank, right: Rank) -> Bool {
            left.priority == right.priority ? left.task < right.task : left.priority > right.priority
        }
    }

    /// Tasks in all groups.
    private(set) var count = 0
    private var groups: [Heap<Int>]
    /// The groups that offer a task, by lane.
    private var lanes: [RankedHeap<Rank>]
    /// The lanes that are not closed and hold an offer.
    private var offers = RankedHeap<Rank>()
    /// Where a group's offer stands.
    private var laneOfGroup: [Int: Int] = [:]
    private var closedLanes: Set<Int> = []

    init(groups: Int, lanes: Int) {
        self.groups = Array(repeating: Heap(), count: groups)
        self.lanes = Array(repeating: RankedHeap(), count: lanes)
    }

    /// What goes first, of all that is offered in open lanes.
    var first: Int? { offers.first?.rank.task }

    func first(ofGroup group: Int) -> Int? { groups[group].first }

    mutating func insert(_ task: Int, group: Int) {
        groups[group].insert(task)
        count += 1
    }

    /// - Precondition: the group is not empty.
    mutating func removeFirst(ofGroup group: Int) {
        groups[group].removeFirst()
        count -= 1
    }

    mutating func clear(group: Int) {
        count -= groups[group].count
        groups[group] = Heap()
        withdraw(group: group)
    }

    /// Offers the group's first task in a lane, in place of what the group offered before.
    mutating func offer(group: Int, lane: Int, priority: Int) {
        guard let task = groups[group].first else { return withdraw(group: group) }
        if let old = laneOfGroup[group], old != lane { withdraw(group: group) }
        laneOfGroup[group] = lane
        lanes[lane].set(group, rank: Rank(priority: priority, task: task))
        offerLane(lane)
    }

    mutating func withdraw(group: Int) {
        guard let lane = laneOfGroup.removeValue(forKey: group) else { return }
        lanes[lane].remove(group)
        offerLane(lane)
    }

    mutating func setLane(_ lane: Int, isOpen: Bool) {
        if isOpen { closedLanes.remove(lane) } else { closedLanes.insert(lane) }
        offerLane(lane)
    }

    private mutating func offerLane(_ lane: Int) {
        if let first = lanes[lane].first, !closedLanes.contains(lane) {
            offers.set(lane, rank: first.rank)
        } else {
            offers.remove(lane)
        }
    }
}
