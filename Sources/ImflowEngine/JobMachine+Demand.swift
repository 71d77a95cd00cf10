extension JobMachine {
    /// Stages looked at to see what could start: more want more than any machine has.
    private static let demandWidth = 256

    /// Tasks that would start now if there were slots for them, within the limits of the job, its stages and models; of very many, some
    /// are not counted. Ask after ``schedule(now:slots:token:)`` has answered nil: what is due has joined the queue then.
    func startable(now: Int64) -> Int {
        guard !isHalting else { return 0 }
        var lanes: [Int: Int] = [:]
        for (group, lane) in ready.offered(atMost: Self.demandWidth) {
            var tasks = ready.count(ofGroup: group)
            if let first = ready.first(ofGroup: group), let room = roomInStage(first) { tasks = min(tasks, room) }
            lanes[lane, default: 0] += tasks
        }
        let tasks = lanes.reduce(0) { sum, lane in
            sum + (graph.laneLimits[lane.key].map { min(lane.value, $0 - laneAttempts[lane.key]) } ?? lane.value)
        }
        let wanted = tasks + (nextHedge == nil ? 0 : 1)
        return min(wanted, max(0, slotLimit(.max) - occupiedSlots))
    }
}
