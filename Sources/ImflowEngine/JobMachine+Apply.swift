import ImflowExecution
import ImflowPlan

extension JobMachine {
    /// Moves the state by one fact. Facts come from ``decide(_:now:)`` and ``schedule(now:slots:token:)``, or from the store.
    package mutating func apply(_ fact: Fact) {
        switch fact {
        case .submitted(let at, let input):
            status = .running
            submittedAt = at
            drivenSince = at
            jobInput = input
            begin()
        case .attemptStarted(let task, let attempt, let token, let at):
            start(task, attempt: attempt, token: token, at: at)
        case .attemptSucceeded(let task, _, let result, let evidence):
            end(task, .succeeded, evidence)
            tasks[task].result = result
            tasks[task].failure = nil
            if evidence.cache?.outcome == .hit, let stage = tasks[task].stage { stages[stage].callsCached += 1 }
            succeed(task, result)
        case .splitExpanded(let task, _, let shared, let unitCount, let shardCount, let evidence):
            end(task, .succeeded, evidence)
            expand(task, shared: shared, unitCount: unitCount, shardCount: shardCount)
        case .shardPlanned(let stage, let index, let units):
            let attempts = stages[stage].supersededAttempts
            stages[stage].shards.append(tasks.count)
            add(TaskState(kind: .shard(index), stage: stage, units: units, attempts: attempts))
        case .attemptSkipped(let task, _, _, let evidence):
            end(task, .skipped, evidence)
            guard let stage = tasks[task].stage else { return }
            stages[stage].skippedByCondition = true
            settle(stage, .skipped)
        case .attemptFailed(let task, _, let failure, let retryAt, let evidence):
            end(task, retryAt == nil ? .failed : .waiting, evidence)
            fail(task, failure, retryAt: retryAt)
        case .attemptReleased(let task, _, let evidence):
            end(task, .ready, evidence)
            enqueue(task)
        case .reportIgnored: break
        case .cancelRequested: cancelRequested = true
        case .timedOut: timedOut = true
        case .paused: status = .pending
        case .outputsLost(let lost): for task in lost { loseOutput(of: task) }
        case .resumed(let at): resume(at: at)
        case .finished(let at, let status, let output): finish(at: at, status: status, output: output)
        }
    }

    private mutating func begin() {
        if plan.inputFiles.isEmpty { openRoots() } else { add(TaskState(kind: .fetch, stage: nil)) }
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
        let split = plan.stages[stage].split != nil
        if !split {
            stages[stage].unitCount = 1
            stages[stage].shardCount = 1
        }
        add(TaskState(kind: split ? .split : .whole, stage: stage, attempts: stages[stage].supersededAttempts))
    }

    mutating func add(_ task: TaskState) {
        tasks.append(task)
        enqueue(tasks.count - 1)
    }

    mutating func enqueue(_ task: Int) {
        ready.insert(task, priority: tasks[task].stage.map { plan.stages[$0].priority } ?? 0)
    }

    private mutating func start(_ task: Int, attempt: Int, token: String, at: Int64) {
        if delayed.remove(task) == nil { ready.removeFirst() }
        running.insert(task)
        if let stage = tasks[task].stage, tasks[task].isCall {
            stages[stage].callsRunning += 1
            if tasks[task].attempts > stages[stage].supersededAttempts { stages[stage].callsRetried += 1 }
        }
        tasks[task].status = .running
        tasks[task].attempts = attempt
        tasks[task].live = LiveAttempt(token: token, startedAt: at)
        tasks[task].retryAt = nil
        if tasks[task].startedAt == nil { tasks[task].startedAt = at }
    }

    private mutating func end(_ task: Int, _ status: TaskStatus, _ evidence: Evidence) {
        running.remove(task)
        if let stage = tasks[task].stage, tasks[task].isCall { stages[stage].callsRunning -= 1 }
        tasks[task].status = status
        tasks[task].live = nil
        tasks[task].finishedAt = evidence.finishedAt
    }

    private mutating func succeed(_ task: Int, _ result: Payload) {
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
        case .shard:
            stages[stage].shardsSucceeded += 1
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
        mergeIfReady(stage)
    }

    /// Once every shard has succeeded or failed for good, and enough have succeeded: merge, or fail.
    mutating func mergeIfReady(_ stage: Int) {
        guard let shardCount = stages[stage].shardCount, stages[stage].mergeTask == nil,
            stages[stage].status == .running,
            stages[stage].shardsSucceeded + stages[stage].shardsFailed == shardCount
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

    private mutating func fail(_ task: Int, _ failure: Failure, retryAt: Int64?) {
        tasks[task].failure = failure
        switch failure.cause {
        case .app, .timeout, .oom: tasks[task].ownFailures += 1
        default: tasks[task].foreignFailures += 1
        }
        if let retryAt {
            if let stage = tasks[task].stage, stages[stage].status.isSettled {
                tasks[task].status = .cancelled
                return
            }
            tasks[task].retryAt = retryAt
            delayed.insert(task)
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
        // With `continue` other stages go on; what is left of this one would be wasted work.
        var abandoned: Set<Int> = []
        for task in tasks.indices where tasks[task].stage == stage {
            guard tasks[task].status == .ready || tasks[task].status == .waiting else { continue }
            tasks[task].status = .cancelled
            if delayed.remove(task) == nil { abandoned.insert(task) }
        }
        ready.remove(abandoned)
        settle(stage, .failed)
    }

    /// Ends a stage and lets its dependents start, or skips them. A loop, since chains are long and stacks are not.
    private mutating func settle(_ stage: Int, _ status: StageStatus) {
        var pending = [(stage, status)]
        while let (stage, status) = pending.popLast() {
            guard !stages[stage].status.isSettled else { continue }
            stages[stage].status = status
            unsettledStages -= 1
            for dependent in dependents[stage] where stages[dependent].status == .waiting {
                if stages[stage].letsDependentsStart {
                    stages[dependent].openNeeds -= 1
                    guard stages[dependent].openNeeds == 0 else { continue }
                    if let entry = plan.stages[dependent].entry, stages[entry].skippedByCondition {
                        stages[dependent].skippedByCondition = true
                        pending.append((dependent, .skipped))
                    } else {
                        open(dependent)
                    }
                } else {
                    pending.append((dependent, .skipped))
                }
            }
        }
        if unsettledStages == 0 { gatherOutputs() }
    }

    mutating func gatherOutputs() {
        let present = plan.outputs.filter { stages[$0].result != nil }
        guard plan.outputs.count > 1, !present.isEmpty, !failing, outputTask == nil else { return }
        outputTask = tasks.count
        add(TaskState(kind: .output, stage: nil, attempts: supersededOutputAttempts))
    }

    private mutating func finish(at: Int64, status: JobStatus, output: Payload?) {
        self.status = status
        completedAt = at
        self.output = output
        guard status == .cancelled || status == .failed else { return }
        for task in tasks.indices where tasks[task].status == .ready || tasks[task].status == .waiting {
            tasks[task].status = .cancelled
        }
    }
}
