extension JobMachine {
    /// Stages looked at to see what could start: more want more than any machine has.
    private static let demandWidth = 256

    /// Tasks that would start now if there were slots for them, within the limits of the job, its stages and models; of very many, some
    /// are not counted, and of those that wait for a back-off that has just passed only one.
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
        let isDue = retries.first.map { $0.at <= now } ?? false
        let wanted = tasks + (nextHedge == nil ? 0 : 1) + (isDue ? 1 : 0)
        return min(wanted, max(0, slotLimit(.max) - occupiedSlots))
    }
}
