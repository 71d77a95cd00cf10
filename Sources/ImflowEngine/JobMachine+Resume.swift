import ImflowExecution

extension JobMachine {
    /// Takes back whatever did not succeed: the resume set is what is expected less what is committed.
    mutating func resume(at: Int64) {
        clock.resume(at: at, isFresh: completedAt != nil)
        status = .running
        completedAt = nil
        output = nil
        cancelRequested = false
        timedOut = false
        draining = false
        pauseReason = nil
        failing = false
        firstFailure = nil
        for token in attemptsToEnd.keys { forget(token) }
        ready = ReadyQueue(groups: stages.count + 1, lanes: graph.laneLimits.count)
        retries = Heap()
        arrivals = []
        queueLimits = Heap()
        stragglers = []
        takeBackStages()
        unsettledStages = stages.count { !$0.status.isSettled }
        if let task = outputTask, unsettledStages > 0 {
            supersedeOutput(task)
        }
        for stage in plan.stages.indices where stages[stage].status == .waiting { countNeeds(of: stage) }
        for (lane, limit) in graph.laneLimits.enumerated() {
            ready.setLane(lane, isOpen: limit.map { laneAttempts[lane] < $0 } ?? true)
        }
        for task in tasks.indices { takeBack(task, at: at) }
        if fetchTask.map({ tasks[$0].status == .succeeded }) ?? true { openRoots() }
        for stage in plan.stages.indices { mergeIfReady(stage) }
        if unsettledStages == 0 { gatherOutputs() }
    }

    private mutating func countNeeds(of stage: Int) {
        let leader = graph.followed[stage].flatMap { runsOn($0) ? $0 : nil }
        stages[stage].hasHeadStart = leader != nil
        stages[stage].openNeeds = plan.stages[stage].needs.count { need in
            if need == leader || stages[need].letsDependentsStart { return false }
            return !(graph.isSoft(need, of: stage) && stages[need].status.isSettled)
        }
    }

    /// The stage goes on from where it was split.
    private func runsOn(_ stage: Int) -> Bool { stages[stage].status == .running && stages[stage].shared != nil }

    /// Stages that failed or have holes run on; stages after them start from the beginning, since their input changes, except for
    /// those that work on their shards one by one.
    private mutating func takeBackStages() {
        var changed = Array(repeating: false, count: stages.count)
        for stage in plan.stages.indices {
            let leader = leader(of: stage)
            let startsOver = plan.stages[stage].needs.contains { need in
                (changed[need] || stages[need].status == .waiting) && !(need == leader && runsOn(need))
            }
            if startsOver {
                changed[stage] = true
                if stages[stage].status != .waiting { reset(stage) }
                continue
            }
            switch stages[stage].status {
            case .failed, .partial, .running:
                changed[stage] = true
                takeBack(stage: stage)
            case .skipped where !stages[stage].skippedByCondition:
                if leader == nil {
                    reset(stage)
                } else {
                    changed[stage] = true
                    takeBack(stage: stage)
                }
            default: break
            }
        }
    }

    private mutating func takeBack(stage: Int) {
        stages[stage].status = .running
        stages[stage].result = nil
        let hadHoles = stages[stage].shardsFailed > 0
        stages[stage].shardsFailed = 0
        stages[stage].failure = nil
        if hadHoles { supersedeMerge(of: stage) }
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
        case .whole:
            guard tasks[task].status == .succeeded else { return }
            tasks[task].status = .cancelled
            tasks[task].result = nil
            stages[stage].status = .running
            stages[stage].result = nil
        case .shard(let index):
            guard tasks[task].status == .succeeded else { return }
            takeBackShard(task, index, of: stage)
            tasks[task].status = .cancelled
        case .fetch, .output: break
        }
    }

    /// A shard that had succeeded is to be made again, and so is all that was made of its result.
    mutating func takeBackShard(_ task: Int, _ index: Int, of stage: Int) {
        tasks[task].result = nil
        stages[stage].shardsSucceeded -= 1
        stages[stage].unitsSucceeded -= unitRange(ofShard: index, stage: stage).count
        loseMerge(of: stage)
        takeBackFollowers(ofShard: index, of: stage)
    }

    mutating func loseMerge(of stage: Int) {
        supersedeMerge(of: stage)
        stages[stage].status = .running
        stages[stage].result = nil
    }

    private mutating func supersedeMerge(of stage: Int) {
        guard let merge = stages[stage].mergeTask else { return }
        supersede(merge)
        stages[stage].supersededAttempts = max(stages[stage].supersededAttempts, tasks[merge].attempts)
        stages[stage].mergeTask = nil
    }

    mutating func reset(_ stage: Int) {
        let old = allTasks(of: stage)
        for task in old { supersede(task) }
        var fresh = StageState(openNeeds: plan.stages[stage].needs.count)
        fresh.supersededAttempts = max(stages[stage].supersededAttempts, old.map { tasks[$0].attempts }.max() ?? 0)
        // Those that are being ended have yet to report.
        fresh.attemptsRunning = stages[stage].attemptsRunning
        stages[stage] = fresh
        watches[stage] = nil
        watchedStages.remove(stage)
    }

    /// A live attempt of the task no longer counts: its report will find nobody waiting.
    mutating func supersede(_ task: Int) {
        dropAttempts(of: task)
        tasks[task].status = .superseded
    }

    mutating func supersedeOutput(_ task: Int) {
        supersede(task)
        supersededOutputAttempts = tasks[task].attempts
        outputTask = nil
    }

    /// Only what failed for good gets a fresh budget: an engine that dies does not forgive.
    private mutating func takeBack(_ task: Int, at now: Int64) {
        switch tasks[task].status {
        case .succeeded, .skipped, .superseded, .running: return
        case .waiting:
            if let retryAt = tasks[task].retryAt {
                // A clock that was set back must not make a pause of seconds one of hours.
                let limit = now.addingClamped(Backoff.longest(policy(of: task).retry).milliseconds)
                tasks[task].retryAt = min(retryAt, limit)
                retries.insert(Alarm(at: min(retryAt, limit), task: task))
                return
            }
        case .failed:
            tasks[task].ownFailures = 0
            tasks[task].foreignFailures = 0
        case .ready, .cancelled: break
        }
        tasks[task].retryAt = nil
        if case .shard(let index) = tasks[task].kind, let stage = tasks[task].stage, isHeld(shard: index, of: stage) {
            tasks[task].status = .waiting
        } else {
            tasks[task].status = .ready
            enqueue(task)
        }
    }
}
