import ImflowExecution
import ImflowPlan

/// Attempts begin and end: what counts as running, against which limits.
extension JobMachine {
    mutating func start(_ task: Int, attempt: Int, token: String, at: Int64) {
        liveAttempts[token] = RunningAttempt(task: task, attempt: attempt)
        if let stage = tasks[task].stage, tasks[task].isCall, tasks[task].attempts > stages[stage].supersededAttempts {
            stages[stage].callsRetried += 1
        }
        tasks[task].attempts = attempt
        countAttempt(of: task, by: 1)
        let live = LiveAttempt(token: token, startedAt: at)
        if tasks[task].live != nil {
            hedges[task] = live
            if let stage = tasks[task].stage { watches[stage]?.hedged() }
        } else {
            running.insert(task)
            tasks[task].status = .running
            tasks[task].live = live
            tasks[task].retryAt = nil
            if tasks[task].startedAt == nil { tasks[task].startedAt = at }
            if let stage = tasks[task].stage, tasks[task].isCall { stages[stage].callsRunning += 1 }
            watch(task, since: at)
        }
        offer(groupOf: task)
    }

    /// Ends the attempt that decided the task. A twin of it no longer counts.
    mutating func end(_ task: Int, _ attempt: Int, _ status: TaskStatus, _ evidence: Evidence) {
        if !endOne(task, attempt, status, evidence), let twin = tasks[task].live?.token {
            attemptsToEnd[twin] = task
            drop(twin)
            rest(task, status)
        }
        tasks[task].finishedAt = evidence.finishedAt
    }

    /// Ends one attempt. False: another attempt of the task goes on, and the task's status stays.
    mutating func endOne(_ task: Int, _ attempt: Int, _ status: TaskStatus, _ evidence: Evidence) -> Bool {
        guard let live = tasks[task].live else { return false }
        countAttempt(of: task, by: -1)
        if let hedge = hedges.removeValue(forKey: task) {
            let hedgeEnded = liveAttempts[hedge.token]?.attempt == attempt
            drop(hedgeEnded ? hedge.token : live.token)
            if !hedgeEnded { tasks[task].live = hedge }
            offer(groupOf: task)
            return false
        }
        drop(live.token)
        rest(task, status)
        offer(groupOf: task)
        tasks[task].finishedAt = evidence.finishedAt
        return true
    }

    /// What the task's attempts may still report counts no more; they hold no slot either: nobody drives them.
    mutating func dropAttempts(of task: Int) {
        for live in [hedges.removeValue(forKey: task), tasks[task].live].compactMap({ $0 }) {
            countAttempt(of: task, by: -1)
            drop(live.token)
        }
        if tasks[task].live != nil { rest(task, tasks[task].status) }
    }

    /// An attempt that no longer counted has reported.
    mutating func forget(_ token: String) {
        guard let task = attemptsToEnd.removeValue(forKey: token) else { return }
        countAttempt(of: task, by: -1)
        offer(groupOf: task)
    }

    private mutating func rest(_ task: Int, _ status: TaskStatus) {
        running.remove(task)
        tasks[task].live = nil
        tasks[task].status = status
        guard let stage = tasks[task].stage, tasks[task].isCall else { return }
        stages[stage].callsRunning -= 1
        if stages[stage].callsRunning == 0 { watchedStages.remove(stage) }
    }

    private mutating func drop(_ token: String) {
        liveAttempts[token] = nil
    }

    private mutating func countAttempt(of task: Int, by change: Int) {
        if let stage = tasks[task].stage, tasks[task].isCall { stages[stage].attemptsRunning += change }
        let lane = lane(of: task)
        guard let limit = graph.laneLimits[lane] else { return }
        laneAttempts[lane] += change
        ready.setLane(lane, isOpen: laneAttempts[lane] < limit)
    }
}
