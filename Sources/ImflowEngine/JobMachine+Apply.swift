import ImflowExecution
import ImflowPlan

extension JobMachine {
    /// Moves the state by one fact. Facts come from ``decide(_:now:)`` and ``schedule(now:slots:token:)``, or from the store.
    package mutating func apply(_ fact: Fact) {
        switch fact {
        case .submitted(let at, let input):
            status = .running
            submittedAt = at
            clock.begin(at: at)
            jobInput = input
            begin()
        case .attemptStarted(let task, let attempt, let token, let at):
            clock.saw(at)
            start(task, attempt: attempt, token: token, at: at)
        case .attemptSucceeded(let task, let attempt, let result, let evidence):
            end(task, attempt, .succeeded, evidence)
            tasks[task].result = result
            tasks[task].failure = nil
            if evidence.cache?.outcome == .hit, let stage = tasks[task].stage { stages[stage].callsCached += 1 }
            succeed(task, result, evidence)
        case .splitExpanded(let task, let attempt, let shared, let unitCount, let shardCount, let evidence):
            end(task, attempt, .succeeded, evidence)
            expand(task, shared: shared, unitCount: unitCount, shardCount: shardCount)
        case .shardPlanned(let stage, let index, let units):
            planShard(index, of: stage, units: units)
        case .attemptSkipped(let task, let attempt, _, let evidence):
            end(task, attempt, .skipped, evidence)
            guard let stage = tasks[task].stage else { return }
            stages[stage].skippedByCondition = true
            settle(stage, .skipped)
        case .attemptFailed(let task, let attempt, let failure, let retryAt, let evidence):
            let isOver = endOne(task, attempt, retryAt == nil ? .failed : .waiting, evidence)
            count(failure, of: task)
            if isOver { fail(task, failure, retryAt: retryAt) }
        case .attemptReleased(let task, let attempt, let evidence):
            if endOne(task, attempt, .ready, evidence) { enqueue(task) }
        case .queueTimedOut(let task, let failure, let at):
            tasks[task].status = .failed
            tasks[task].finishedAt = at
            offer(groupOf: task)
            count(failure, of: task)
            fail(task, failure, retryAt: nil)
        case .reportIgnored(_, _, let token, _): forget(token)
        case .cancelRequested: cancelRequested = true
        case .timedOut: timedOut = true
        case .paused(let at, let reason):
            clock.pause(at: at)
            status = .pending
            pauseReason = reason
        case .outputsLost(let lost): for task in lost { loseOutput(of: task) }
        case .replanned(let replan): apply(replan)
        case .resumed(let at): resume(at: at)
        case .finished(let at, let status, let output): finish(at: at, status: status, output: output)
        }
    }

    private mutating func begin() {
        if plan.inputFiles.isEmpty {
            openRoots()
        } else {
            fetchTask = tasks.count
            add(TaskState(kind: .fetch, stage: nil))
        }
        if plan.stages.isEmpty { output = jobInput }
    }

    mutating func openRoots() {
        for stage in plan.stages.indices where stages[stage].openNeeds == 0 && stages[stage].status == .waiting {
            open(stage)
        }
    }

    /// Creates the stage's first task.
    mutating func open(_ stage: Int) {
        stages[stage].status = .running
        stages[stage].firstTask = tasks.count
        stages[stage].isFollowing = graph.followed[stage].map { stages[$0].status == .running } ?? false
        let split = plan.stages[stage].split != nil
        if !split {
            stages[stage].unitCount = 1
            stages[stage].shardCount = 1
        }
        add(TaskState(kind: split ? .split : .whole, stage: stage, attempts: stages[stage].supersededAttempts))
    }

    mutating func add(_ task: TaskState) {
        tasks.append(task)
        if task.status == .ready { enqueue(tasks.count - 1) }
    }

    private mutating func planShard(_ index: Int, of stage: Int, units: Payload) {
        var task = TaskState(
            kind: .shard(index), stage: stage, units: units, attempts: stages[stage].supersededAttempts)
        if isHeld(shard: index, of: stage) { task.status = .waiting }
        stages[stage].shards.append(tasks.count)
        add(task)
    }

    private mutating func succeed(_ task: Int, _ result: Payload, _ evidence: Evidence) {
        guard let stage = tasks[task].stage else {
            if tasks[task].kind == .fetch {
                jobInput = result
                openRoots()
            }
            return
        }
        switch tasks[task].kind {
        case .whole:
            stages[stage].result = result
            settle(stage, .succeeded)
        case .shard(let index):
            stages[stage].shardsSucceeded += 1
            stages[stage].unitsSucceeded += unitRange(ofShard: index, stage: stage).count
            watches[stage]?.shardSucceeded(after: evidence.latencyMilliseconds)
            letFollowersStart(shard: index, of: stage)
            mergeIfReady(stage)
        case .merge:
            stages[stage].result = result
            settle(stage, stages[stage].shardsFailed > 0 ? .partial : .succeeded)
        default: break
        }
    }

    private mutating func expand(_ task: Int, shared: Payload, unitCount: Int, shardCount: Int) {
        guard let stage = tasks[task].stage else { return }
        stages[stage].shared = shared
        stages[stage].unitCount = unitCount
        stages[stage].shardCount = shardCount
        stages[stage].shards.reserveCapacity(shardCount)
        // Grown by doubling, the list of very many tasks would take twice what it holds.
        if shardCount > tasks.count { tasks.reserveCapacity(tasks.count + shardCount + 1) }
        giveHeadStart(toFollowersOf: stage)
        mergeIfReady(stage)
    }

    /// Once every shard has succeeded or failed for good, and enough have succeeded: merge, or fail. A stage that runs on
    /// another's shards waits for that one's good end, too.
    mutating func mergeIfReady(_ stage: Int) {
        guard let shardCount = stages[stage].shardCount, stages[stage].mergeTask == nil,
            stages[stage].status == .running,
            stages[stage].shardsSucceeded + stages[stage].shardsFailed == shardCount, !isAhead(stage)
        else { return }
        if stages[stage].shardsFailed > 0 {
            let policy = plan.stages[stage].policy
            let ratio = Double(stages[stage].shardsSucceeded) / Double(shardCount)
            guard policy.onFailure == .partial, stages[stage].shardsSucceeded > 0, ratio >= policy.minSuccessRatio
            else {
                return failStage(stage)
            }
        }
        stages[stage].mergeTask = tasks.count
        add(TaskState(kind: .merge, stage: stage, attempts: stages[stage].supersededAttempts))
    }

    private mutating func count(_ failure: Failure, of task: Int) {
        tasks[task].failure = failure
        if failure.cause == .oom { memoryFailures[task, default: 0] += 1 }
        switch failure.cause {
        case .app, .timeout, .oom: tasks[task].ownFailures += 1
        default: tasks[task].foreignFailures += 1
        }
    }

    /// Of a task without a live attempt.
    private mutating func fail(_ task: Int, _ failure: Failure, retryAt: Int64?) {
        if let retryAt {
            if let stage = tasks[task].stage, stages[stage].status.isSettled {
                tasks[task].status = .cancelled
                return
            }
            tasks[task].retryAt = retryAt
            retries.insert(Alarm(at: retryAt, task: task))
            return
        }
        if firstFailure == nil { firstFailure = failure }
        guard let stage = tasks[task].stage else {
            if tasks[task].kind == .fetch { failing = true }
            return
        }
        if stages[stage].failure == nil { stages[stage].failure = failure }
        if case .shard = tasks[task].kind, plan.stages[stage].policy.onFailure == .partial {
            stages[stage].shardsFailed += 1
            mergeIfReady(stage)
        } else {
            if case .shard = tasks[task].kind { stages[stage].shardsFailed += 1 }
            failStage(stage)
        }
    }

    private mutating func failStage(_ stage: Int) {
        if plan.stages[stage].policy.onFailure == .fail { failing = true }
        guard !stages[stage].status.isSettled else { return }
        abandon(stage)
        settle(stage, .failed)
    }

    /// What is left of a stage that cannot succeed would be wasted work.
    private mutating func abandon(_ stage: Int) {
        for task in allTasks(of: stage) where tasks[task].status == .ready || tasks[task].status == .waiting {
            tasks[task].status = .cancelled
        }
        ready.clear(group: stage)
    }

    /// The stage's tasks, without those that newer ones stand in for.
    func allTasks(of stage: Int) -> [Int] {
        [stages[stage].firstTask, stages[stage].mergeTask].compactMap { $0 } + stages[stage].shards
    }

    /// Ends a stage and lets its dependents start, or skips them. A loop, since chains are long and stacks are not.
    private mutating func settle(_ stage: Int, _ status: StageStatus) {
        var pending = [(stage, status)]
        while let (stage, status) = pending.popLast() {
            guard !stages[stage].status.isSettled else { continue }
            if stages[stage].status == .running, status == .skipped { abandon(stage) }
            stages[stage].status = status
            unsettledStages -= 1
            for dependent in graph.dependents[stage] {
                if let skipped = pass(dependent, after: stage) { pending.append((skipped, .skipped)) }
            }
        }
        if unsettledStages == 0 { gatherOutputs() }
    }

    /// Tells a stage that one of its needs has settled. Answers the stage when it is to be skipped.
    private mutating func pass(_ dependent: StageOrder.Dependent, after need: Int) -> Int? {
        let stage = dependent.stage
        let isMet = stages[need].letsDependentsStart || dependent.isSoft
        if isFollowing(stage, need) {
            if !isMet { return stage }
            mergeIfReady(stage)
            return nil
        }
        guard stages[stage].status == .waiting else { return nil }
        if graph.followed[stage] != need || !stages[stage].hasHeadStart { stages[stage].openNeeds -= 1 }
        return admit(stage)
    }

    /// Opens a stage when nothing is left that it waits for. Answers the stage when it is to be skipped instead, as the rest of a
    /// pipeline is whose entry was, and as what needs a stage that failed. That is told when the last need has settled, not
    /// when the first has failed: a stage that goes on without this one would else see more or less of the job, as it ran.
    private mutating func admit(_ stage: Int) -> Int? {
        guard stages[stage].openNeeds == 0 else { return nil }
        if let entry = plan.stages[stage].entry, stages[entry].skippedByCondition {
            stages[stage].skippedByCondition = true
            return stage
        }
        if hasAllNeeds(stage) {
            open(stage)
            return nil
        }
        return plan.stages[stage].needs.allSatisfy { stages[$0].status.isSettled } ? stage : nil
    }

    /// None of its needs has come to an end that it cannot go on from.
    func hasAllNeeds(_ stage: Int) -> Bool {
        plan.stages[stage].needs.allSatisfy { need in
            stages[need].letsDependentsStart || !stages[need].status.isSettled || graph.isSoft(need, of: stage)
        }
    }

    mutating func gatherOutputs() {
        let present = plan.outputs.filter { stages[$0].result != nil }
        guard plan.outputs.count > 1, !present.isEmpty, !failing, outputTask == nil else { return }
        outputTask = tasks.count
        add(TaskState(kind: .output, stage: nil, attempts: supersededOutputAttempts))
    }

    private mutating func finish(at: Int64, status: JobStatus, output: Payload?) {
        clock.saw(at)
        self.status = status
        completedAt = at
        self.output = output
        guard status == .cancelled || status == .failed else { return }
        for task in tasks.indices where tasks[task].status == .ready || tasks[task].status == .waiting {
            tasks[task].status = .cancelled
        }
    }
}
