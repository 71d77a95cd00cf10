import ImflowEngine
import ImflowExecution
import ImflowPlan

extension Ledger {
    /// What the engine that commits has been told.
    struct Circumstances {
        var slots: Int
        /// The latest time that the engine has seen: what was due then stays due when its clock is set back.
        var latest = Int64.min
        /// Told to start nothing new.
        var drains = false
        /// The first outcome of each token among the reports of this turn.
        var delivered: [String: Outcome] = [:]
        /// A cancellation is among the news of this turn.
        var cancels = false
    }

    /// Takes one commit.
    mutating func take(_ facts: [Fact], _ now: Circumstances) throws(Violation) {
        let wasOver = isFinished || isPaused
        let couldCancel = !wasOver && !isCancelled
        let awaited = now.delivered.keys.filter { live[$0] != nil }.sorted()
        for (place, fact) in facts.enumerated() {
            let opens = switch fact {
                case .outputsLost, .resumed, .submitted, .reportIgnored: true
                case .cancelRequested: !isFinished
                default: false
            }
            try require(!(isFinished || isPaused) || opens, "\(fact.label) after the job had come to rest")
            try take(fact, now, rest: facts[(place + 1)...])
        }
        for token in awaited {
            try require(live[token] == nil, "the report of a live attempt (\(token)) was ignored")
        }
        try require(!now.cancels || !couldCancel || isCancelled || isFinished, "a cancellation was forgotten")
    }

    private mutating func take(
        _ fact: Fact, _ now: Circumstances, rest: ArraySlice<Fact>
    ) throws(Violation) {
        switch fact {
        case .attemptStarted(let task, let attempt, let token, let at):
            try start(task, attempt, token, at, now)
        case .attemptSucceeded(let task, let attempt, let result, _):
            let outcome = try end(task, attempt, now)
            try require(outcome == .succeeded(result), "\(name(of: task)): counts a result that was not reported")
            try succeed(task, result)
        case .splitExpanded(let task, let attempt, let shared, let unitCount, let shardCount, _):
            let outcome = try end(task, attempt, now)
            let planned = rest.prefix(shardCount).compactMap { if case .shardPlanned(_, _, let units) = $0 { units } else { nil } }
            try require(
                outcome == .expanded(shared: shared, unitCount: unitCount, shards: planned),
                "\(name(of: task)): the expansion that is kept is not the one that was reported")
            try expand(task, shared, unitCount, planned)
        case .attemptSkipped(let task, let attempt, _, _):
            let outcome = try end(task, attempt, now)
            if case .skipped = outcome {} else { throw Violation("\(job): \(name(of: task)) was skipped unasked") }
            try skip(task)
        case .attemptFailed(let task, let attempt, let failure, let retryAt, _):
            try fail(task, attempt, failure, retryAt, now)
        case .queueTimedOut(let task, _, _): try timeOut(task)
        case .attemptReleased(let task, let attempt, _):
            _ = try end(task, attempt, now)
            released[name(of: task), default: 0] += 1
            try require(
                isFailing || isCancelled || isTimedOut || now.drains,
                "\(name(of: task)): an attempt was released although the job goes on")
        case .reportIgnored(_, _, let token, _):
            try require(live[token] == nil, "the report of a live attempt (\(token)) was ignored")
        case .cancelRequested:
            isCancelled = true
            isPaused = false
        case .timedOut: isTimedOut = true
        case .paused:
            try require(now.drains, "paused although nobody asked")
            try require(live.isEmpty, "paused while \(live.count) attempts run")
            isPaused = true
        case .finished(_, let status, let output): try finish(status, output)
        case .replanned: throw Violation("\(job): planned again although nobody asked")
        case .outputsLost(let lost): lose(lost)
        case .resumed: resume()
        case .submitted, .shardPlanned: break
        }
    }

    private mutating func start(
        _ task: Int, _ number: Int, _ token: String, _ at: Int64, _ now: Circumstances
    ) throws(Violation) {
        let state = tasks[task] ?? Task()
        let name = name(of: task)
        try require(!isCancelled && !isTimedOut && !isFailing, "\(name) starts although the job halts")
        try require(!now.drains, "\(name) starts although the engine is to stop")
        try require(tokens.insert(token).inserted, "\(name): the token \(token) was drawn before")
        try require(!state.hasSucceeded, "\(name) runs again although its output is kept")
        try require(!state.hasFailed, "\(name) runs again although it failed for good")
        if !state.attempts.allSatisfy(\.hasEnded) { try hedge(task) }
        try require(number > state.attempts.last?.number ?? 0, "\(name): attempt \(number) was used before")
        try require(live.count < now.slots, "\(name) starts as number \(live.count + 1) on \(now.slots) slots")
        if let due = state.retryAt { try require(max(at, now.latest) >= due, "\(name) starts \(due - at) ms before its back-off is over") }
        try require(
            state.foreignFailures <= Backoff.foreignBudget, "\(name): after \(state.foreignFailures) foreign failures")
        live[token] = task
        tasks[task, default: Task()].attempts.append(Attempt(number: number, token: token))
        tasks[task]?.retryAt = nil
    }

    /// A second attempt beside a live one: only of a shard, where the policy has it, and within its budget.
    private mutating func hedge(_ task: Int) throws(Violation) {
        let running = tasks[task]?.attempts.count { !$0.hasEnded } ?? 0
        guard running == 1, case .shard = tasks[task]?.name?.kind,
            let stage = plan.stages.firstIndex(where: { $0.name == tasks[task]?.name?.stage }),
            let policy = plan.stages[stage].policy.hedge
        else { throw Violation("\(job): \(name(of: task)): an attempt beside \(running) live ones") }
        stages[stage].hedges += 1
        try require(
            stages[stage].hedges <= max(1, Int(policy.budget * Double(stages[stage].units.count))),
            "\(name(of: task)): the hedge number \(stages[stage].hedges) of \(stages[stage].units.count) shards")
    }

    /// The task is decided: a twin of the attempt that decided it counts no longer.
    private mutating func endTwins(of task: Int) {
        for place in tasks[task]?.attempts.indices ?? 0..<0 where tasks[task]?.attempts[place].hasEnded == false {
            if let token = tasks[task]?.attempts[place].token { live[token] = nil }
            tasks[task]?.attempts[place].hasEnded = true
        }
    }

    /// The outcome with which the attempt's own report ended it.
    private mutating func end(_ task: Int, _ number: Int, _ now: Circumstances) throws(Violation) -> Outcome {
        guard let place = tasks[task]?.attempts.lastIndex(where: { $0.number == number }),
            let attempt = tasks[task]?.attempts[place]
        else { throw Violation("\(job): \(name(of: task)): attempt \(number) ends and was never started") }
        try require(
            live[attempt.token] == task && !attempt.hasEnded, "\(name(of: task)): attempt \(number) ends a second time")
        guard let outcome = now.delivered[attempt.token] else {
            throw Violation("\(job): \(name(of: task)): attempt \(number) ends by a report that is not its own")
        }
        live[attempt.token] = nil
        tasks[task]?.attempts[place].hasEnded = true
        return outcome
    }

    private func stage(of task: Int) throws(Violation) -> (index: Int?, kind: TaskName.Kind) {
        guard let name = tasks[task]?.name else { throw Violation("\(job): task \(task) ends and was never handed out") }
        return (plan.stages.firstIndex { $0.name == name.stage }, name.kind)
    }

    private mutating func succeed(_ task: Int, _ result: Payload) throws(Violation) {
        let (stage, kind) = try stage(of: task)
        endTwins(of: task)
        tasks[task]?.hasSucceeded = true
        tasks[task]?.result = result
        if tasks[task]?.name?.kind == .output { hasResumedSinceGathering = false }
        switch (kind, stage) {
        case (.fetch, _): input = result
        case (.whole, let stage?), (.merge, let stage?): stages[stage].result = result
        case (.shard(let index), let stage?): stages[stage].outputs[index] = result
        default: break
        }
    }

    private mutating func expand(
        _ task: Int, _ shared: Payload, _ unitCount: Int, _ units: [Payload]
    ) throws(Violation) {
        guard case (let stage?, .split) = try stage(of: task) else {
            throw Violation("\(job): \(name(of: task)) is no split and expands")
        }
        tasks[task]?.hasSucceeded = true
        stages[stage].shared = shared
        stages[stage].unitCount = unitCount
        stages[stage].units = units
        stages[stage].outputs = units.map { _ in nil }
        stages[stage].failedShards = []
        stages[stage].hedges = 0
    }

    private mutating func skip(_ task: Int) throws(Violation) {
        tasks[task]?.hasSucceeded = true
        guard let stage = try stage(of: task).index else { throw Violation("\(job): \(name(of: task)) was skipped") }
        try require(plan.stages[stage].when != nil, "\(name(of: task)) was skipped and has no condition")
        stages[stage].isSkipped = true
    }

    private mutating func fail(
        _ task: Int, _ number: Int, _ failure: Failure, _ retryAt: Int64?, _ now: Circumstances
    ) throws(Violation) {
        let outcome = try end(task, number, now)
        if case .failed(let reported) = outcome {
            let cause: Cause = reported.cause == .cancelled ? .lost : reported.cause
            try require(failure.cause == cause, "\(name(of: task)): \(reported.cause) was taken for \(failure.cause)")
        }
        let (stage, kind) = try stage(of: task)
        let policy = stage.map { plan.stages[$0].policy } ?? StagePolicy()
        let own = [Cause.app, .timeout, .oom].contains(failure.cause)
        if own { tasks[task]?.ownFailures += 1 } else { tasks[task]?.foreignFailures += 1 }
        let (ownFailures, foreignFailures) = (tasks[task]?.ownFailures ?? 0, tasks[task]?.foreignFailures ?? 0)
        let mayRetry =
            ownFailures < policy.retry.maximumAttempts && foreignFailures <= Backoff.foreignBudget
            && (!own || policy.retry.retryOn.contains(failure.cause))
        if tasks[task]?.attempts.allSatisfy(\.hasEnded) == false { return }
        try require(
            (retryAt != nil) == mayRetry,
            "\(name(of: task)): \(mayRetry ? "no retry" : "a retry") after \(ownFailures) + \(foreignFailures) failures")
        tasks[task]?.retryAt = retryAt
        if retryAt == nil { failForGood(task, stage, kind) }
    }

    /// A task that was ready, and never started.
    private mutating func timeOut(_ task: Int) throws(Violation) {
        let (stage, kind) = try stage(of: task)
        let policy = stage.map { plan.stages[$0].policy } ?? StagePolicy()
        try require(policy.queueTimeout != nil, "\(name(of: task)): timed out in the queue, where it may wait for ever")
        try require(
            tasks[task]?.attempts.allSatisfy(\.hasEnded) ?? true, "\(name(of: task)): timed out in the queue while it runs")
        // What it had made was lost: a resume had put it into the queue again.
        if let stage { invalidate(stage) }
        failForGood(task, stage, kind)
    }

    private mutating func failForGood(_ task: Int, _ stage: Int?, _ kind: TaskName.Kind) {
        tasks[task]?.hasFailed = true
        if case .shard(let index) = kind, let stage { stages[stage].failedShards.insert(index) }
        if let stage { failed(stage, kind) } else if kind == .fetch { isFailing = true }
    }

    /// A shard's failure may leave a merge with holes; any other fails the stage.
    private mutating func failed(_ stage: Int, _ kind: TaskName.Kind) {
        let policy = plan.stages[stage].policy
        if case .shard = kind, policy.onFailure == .partial { return }
        if policy.onFailure == .fail { isFailing = true }
    }

    private mutating func finish(_ status: JobStatus, _ output: Payload?) throws(Violation) {
        try require(live.isEmpty || status == .cancelled, "finished while \(live.count) attempts run")
        if isCancelled { try require(status == .cancelled, "cancelled, and finished as \(status)") }
        try require(status != .cancelled || isCancelled, "finished as cancelled although nobody asked")
        if status == .succeeded || status == .partial {
            try require(!isFailing && !isTimedOut, "finished as \(status) although it had failed")
            // A resume may leave no stage with a result to gather.
            let hasNone = output == nil && status == .partial && plan.outputs.count > 1 && hasResumedSinceGathering
            try require(hasNone || output == expectedOutput, "the job's output is not that of its output stages")
        }
        if status == .succeeded {
            for stage in plan.stages.indices {
                try require(letsOthersStart(stage), "succeeded without \(plan.stages[stage].name)")
                try require(stages[stage].failedShards.isEmpty, "succeeded although \(plan.stages[stage].name) has holes")
            }
        }
        isFinished = true
        for task in tasks.keys { tasks[task]?.retryAt = nil }
    }

    private var expectedOutput: Payload? {
        if plan.outputs.count == 1 { return stages[plan.outputs[0]].result }
        let gathering = tasks.filter { $0.value.name?.kind == .output }.max { $0.key < $1.key }
        return gathering?.value.result
    }

    private mutating func lose(_ lost: [Int]) {
        for task in lost {
            tasks[task]?.hasSucceeded = false
            tasks[task]?.result = nil
        }
    }

    /// A fresh budget for what failed for good, and for nothing else.
    private mutating func resume() {
        hasResumedSinceGathering = true
        isFinished = false
        isPaused = false
        isCancelled = false
        isTimedOut = false
        isFailing = false
        for task in tasks.keys {
            tasks[task]?.retryAt = nil
            guard tasks[task]?.hasFailed == true else { continue }
            tasks[task]?.hasFailed = false
            tasks[task]?.ownFailures = 0
            tasks[task]?.foreignFailures = 0
        }
        for stage in stages.indices {
            stages[stage].failedShards = []
            stages[stage].hedges = 0
        }
        // A resume gives up what it supersedes: such attempts are never handed out again.
    }

    /// The engine that took the job over goes on with these attempts only; what else ran counts no longer.
    mutating func keepOnly(_ tokens: Set<String>) {
        for (token, task) in live where !tokens.contains(token) {
            live[token] = nil
            for place in tasks[task]?.attempts.indices ?? 0..<0 { tasks[task]?.attempts[place].hasEnded = true }
        }
    }
}
