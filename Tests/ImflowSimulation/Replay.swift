import ImflowEngine

/// Whether folding the facts leads to the state of the engine that wrote them.
enum Replay {
    static func check(_ live: borrowing JobMachine, _ replayed: borrowing JobMachine, now: Int64) throws(Violation) {
        let job = live.job
        func require(_ holds: Bool, _ what: String) throws(Violation) {
            if !holds { throw Violation("\(job): \(what) of the replayed state is not that of the live one") }
        }
        try require(live.status == replayed.status && live.output == replayed.output, "the outcome")
        try require(live.tasks.count == replayed.tasks.count, "the number of tasks")
        for task in live.tasks.indices {
            try require(same(live.tasks[task], replayed.tasks[task]), live.name(of: task))
        }
        for stage in live.stages.indices {
            try require(same(live.stages[stage], replayed.stages[stage]), "the stage \(live.plan.stages[stage].name)")
        }
        try require(live.liveTokens == replayed.liveTokens, "what runs")
        // What would be done next depends on queues that have no other face.
        let everything = live.tasks.count + 1
        var (one, other) = (copy live, copy replayed)
        let next = one.schedule(now: now, slots: everything) { "next" }
        let again = other.schedule(now: now, slots: everything) { "next" }
        // Since when a task waits in the queue, and when a shard began to straggle, an engine's clock says, and no fact.
        let goesByClock = live.plan.stages.contains { $0.policy.queueTimeout != nil || $0.policy.hedge != nil }
        if live.draining || goesByClock || live.status != .running { return }
        try require(next == again, "the next step")
        try require(next != nil || one.nextWake == other.nextWake, "the next wake")
    }

    private static func same(_ one: TaskState, _ other: TaskState) -> Bool {
        one.kind == other.kind && one.stage == other.stage && one.units == other.units && one.status == other.status
            && one.attempts == other.attempts && one.ownFailures == other.ownFailures
            && one.foreignFailures == other.foreignFailures && one.live == other.live && one.retryAt == other.retryAt
            && one.result == other.result && one.failure == other.failure
    }

    private static func same(_ one: StageState, _ other: StageState) -> Bool {
        one.status == other.status && one.firstTask == other.firstTask && one.shards == other.shards
            && one.mergeTask == other.mergeTask && one.shared == other.shared && one.unitCount == other.unitCount
            && one.shardCount == other.shardCount && one.shardsSucceeded == other.shardsSucceeded
            && one.shardsFailed == other.shardsFailed && one.callsRunning == other.callsRunning
            && one.callsRetried == other.callsRetried && one.result == other.result
    }
}
