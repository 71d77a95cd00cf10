import ImflowExecution

extension JobMachine {
    /// Takes back whatever did not succeed: the resume set is what is expected less what is committed.
    mutating func resume(at: Int64) {
        status = .running
        drivenSince = at
        completedAt = nil
        output = nil
        cancelRequested = false
        timedOut = false
        draining = false
        failing = false
        firstFailure = nil
        ready = ReadyQueue()
        delayed = []
        takeBackStages()
        unsettledStages = stages.count { !$0.status.isSettled }
        if let task = outputTask, unsettledStages > 0 {
            supersedeOutput(task)
        }
        for stage in plan.stages.indices where stages[stage].status == .waiting {
            stages[stage].openNeeds = plan.stages[stage].needs.count { !stages[$0].letsDependentsStart }
        }
        for task in tasks.indices { takeBack(task) }
        if fetchTask.map({ tasks[$0].status == .succeeded }) ?? true { openRoots() }
        for stage in plan.stages.indices { mergeIfReady(stage) }
        if unsettledStages == 0 { gatherOutputs() }
    }

    /// Stages that failed or have holes run on; stages after them start from the beginning, since their input changes.
    private mutating func takeBackStages() {
        var changed = Array(repeating: false, count: stages.count)
        for stage in plan.stages.indices {
            if plan.stages[stage].needs.contains(where: { changed[$0] || stages[$0].status == .waiting }) {
                changed[stage] = true
                if stages[stage].status != .waiting { reset(stage) }
                continue
            }
            switch stages[stage].status {
            case .failed, .partial, .running:
                changed[stage] = true
                stages[stage].status = .running
                stages[stage].result = nil
                let hadHoles = stages[stage].shardsFailed > 0
                stages[stage].shardsFailed = 0
                stages[stage].failure = nil
                if hadHoles, let merge = stages[stage].mergeTask {
                    supersede(merge)
                    stages[stage].supersededAttempts = max(stages[stage].supersededAttempts, tasks[merge].attempts)
                    stages[stage].mergeTask = nil
                }
            case .skipped where !stages[stage].skippedByCondition: reset(stage)
            default: break
            }
        }
    }

    /// The task is to run again; what was made of its output is made again, too.
    mutating func loseOutput(of task: Int) {
        // Its stage may have been taken back already, with its split.
        guard tasks[task].status != .superseded else { return }
        guard let stage = tasks[task].stage else {
            if tasks[task].kind == .output { supersedeOutput(task) }
            return
        }
        switch tasks[task].kind {
        case .split: reset(stage)
        case .merge: loseMerge(of: stage)
        case .whole, .shard:
            guard tasks[task].status == .succeeded else { return }
            tasks[task].status = .cancelled
            tasks[task].result = nil
            if tasks[task].kind != .whole {
                stages[stage].shardsSucceeded -= 1
                loseMerge(of: stage)
            }
            stages[stage].status = .running
            stages[stage].result = nil
        case .fetch, .output: break
        }
    }

    mutating func loseMerge(of stage: Int) {
        if let merge = stages[stage].mergeTask {
            supersede(merge)
            stages[stage].supersededAttempts = max(stages[stage].supersededAttempts, tasks[merge].attempts)
            stages[stage].mergeTask = nil
        }
        stages[stage].status = .running
        stages[stage].result = nil
    }

    mutating func reset(_ stage: Int) {
        let old = tasks.indices.filter { tasks[$0].stage == stage && tasks[$0].status != .superseded }
        var fresh = StageState(openNeeds: plan.stages[stage].needs.count)
        fresh.supersededAttempts = max(stages[stage].supersededAttempts, old.map { tasks[$0].attempts }.max() ?? 0)
        for task in old { supersede(task) }
        stages[stage] = fresh
    }

    /// A live attempt of the task no longer counts: its report will find nobody waiting.
    mutating func supersede(_ task: Int) {
        if running.remove(task) != nil, let stage = tasks[task].stage, tasks[task].isCall {
            stages[stage].callsRunning -= 1
        }
        tasks[task].status = .superseded
        tasks[task].live = nil
    }

    mutating func supersedeOutput(_ task: Int) {
        supersede(task)
        supersededOutputAttempts = tasks[task].attempts
        outputTask = nil
    }

    /// Only what failed for good gets a fresh budget: an engine that dies does not forgive.
    private mutating func takeBack(_ task: Int) {
        switch tasks[task].status {
        case .succeeded, .skipped, .superseded, .running: return
        case .waiting:
            delayed.insert(task)
            return
        case .failed:
            tasks[task].ownFailures = 0
            tasks[task].foreignFailures = 0
        case .ready, .cancelled: break
        }
        tasks[task].status = .ready
        tasks[task].retryAt = nil
        enqueue(task)
    }
}
