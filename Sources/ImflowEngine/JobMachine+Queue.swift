import ImflowExecution
import ImflowPlan

/// The queue of ready tasks, and the limits that hold it back.
extension JobMachine {
    /// The task can start as soon as there is room for it.
    mutating func enqueue(_ task: Int) {
        ready.insert(task, group: group(of: task))
        if callsModel(task), policy(of: task).queueTimeout != nil { arrivals.append(task) }
        offer(groupOf: task)
    }

    /// Offers the first task of the task's stage, unless the stage is at its limit.
    mutating func offer(groupOf task: Int) {
        let group = group(of: task)
        while let first = ready.first(ofGroup: group), !isQueued(first) { ready.removeFirst(ofGroup: group) }
        guard let first = ready.first(ofGroup: group), !isAtStageLimit(first) else {
            return ready.withdraw(group: group)
        }
        ready.offer(
            group: group, lane: lane(of: first), priority: tasks[first].stage.map { plan.stages[$0].priority } ?? 0)
    }

    /// What has become due by the clock joins the queue. Moves no state that a fact would have to tell of: after a crash the
    /// clock tells it again.
    mutating func advance(to now: Int64) {
        while let alarm = retries.first {
            let waits = tasks[alarm.task].status == .waiting && tasks[alarm.task].retryAt == alarm.at
            if waits, alarm.at > now { break }
            retries.removeFirst()
            if waits { enqueue(alarm.task) }
        }
        for task in arrivals {
            guard let limit = policy(of: task).queueTimeout else { continue }
            let end = now.addingClamped(limit.milliseconds)
            queueLimits.insert(Alarm(at: end, task: task, attempts: tasks[task].attempts))
        }
        arrivals = []
        while let alarm = queueLimits.first, !isWaiting(alarm) { queueLimits.removeFirst() }
        findStragglers(now: now)
    }

    /// The task that has waited for too long, as the fact that it failed.
    func queueTimeout(now: Int64, slots: Int) -> Fact? {
        guard let alarm = queueLimits.first, alarm.at <= now, isWaiting(alarm) else { return nil }
        let limit = policy(of: alarm.task).queueTimeout?.seconds ?? 0
        let failure = Failure(
            .timeout,
            "it was ready, but not started within its queue_timeout of \(limit) s:"
                + " \(reasonToWait(alarm.task, slots: slots))")
        return .queueTimedOut(task: alarm.task, failure: failure, at: now)
    }

    /// The attempt's room: in its stage, among the calls of its model.
    func hasRoom(_ task: Int) -> Bool {
        let lane = lane(of: task)
        return !isAtStageLimit(task) && graph.laneLimits[lane].map { laneAttempts[lane] < $0 } ?? true
    }

    /// Attempts of the job that may hold a slot at once.
    func slotLimit(_ slots: Int) -> Int { plan.policy.maxParallel.map { min(slots, max(1, $0)) } ?? slots }

    func lane(of task: Int) -> Int { graph.lane(ofModel: modelKey(of: task)) }

    /// Whether its attempts call a model: those are what time limits and the model's own limit are for.
    func callsModel(_ task: Int) -> Bool { modelKey(of: task) != nil }

    private func modelKey(of task: Int) -> String? {
        guard let stage = tasks[task].stage else { return nil }
        switch tasks[task].kind {
        case .whole, .shard:
            guard case .call(let key) = plan.stages[stage].kind else { return nil }
            return key
        case .merge: return plan.stages[stage].merge?.reducer
        case .fetch, .split, .output: return nil
        }
    }

    private func group(of task: Int) -> Int { tasks[task].stage ?? plan.stages.count }

    /// A waiting task is in the queue when its back-off has passed.
    private func isQueued(_ task: Int) -> Bool { tasks[task].status == .ready || tasks[task].status == .waiting }

    private func isWaiting(_ alarm: Alarm) -> Bool {
        isQueued(alarm.task) && tasks[alarm.task].attempts == alarm.attempts
    }

    private func isAtStageLimit(_ task: Int) -> Bool {
        guard let stage = tasks[task].stage, tasks[task].isCall, let limit = plan.stages[stage].policy.maxParallel
        else { return false }
        return stages[stage].attemptsRunning >= max(1, limit)
    }

    private func reasonToWait(_ task: Int, slots: Int) -> String {
        let lane = lane(of: task)
        if isAtStageLimit(task), let stage = tasks[task].stage {
            let limit = max(1, plan.stages[stage].policy.maxParallel ?? 1)
            return "stage \(plan.stages[stage].name) runs at most \(limit) calls at once (max_parallel)"
        }
        if let limit = graph.laneLimits[lane], laneAttempts[lane] >= limit, let key = modelKey(of: task) {
            let model = plan.models[key]?.name ?? key
            return "model \(model) takes at most \(limit) calls at once (max_parallel)"
        }
        if let limit = plan.policy.maxParallel, max(1, limit) < slots, occupiedSlots >= max(1, limit) {
            return "the job runs at most \(max(1, limit)) attempts at once (max_parallel)"
        }
        return "all of the \(slots) slots were taken; give it more time or more slots (--concurrency)"
    }
}
