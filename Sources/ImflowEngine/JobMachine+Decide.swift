package import ImflowExecution
import ImflowPlan

/// Something the machine is told.
package enum JobEvent: Sendable {
    case report(AttemptReport)
    case cancelRequested
}

extension JobMachine {
    /// What follows from an event, as facts to commit. Empty: nothing.
    package func decide(_ event: JobEvent, now: Int64) -> [Fact] {
        switch event {
        case .report(let report): return decide(report, now: now)
        case .cancelRequested: return status == .running && !cancelRequested ? [.cancelRequested(at: now)] : []
        }
    }

    private func decide(_ report: AttemptReport, now: Int64) -> [Fact] {
        guard let live = liveAttempts[report.token], live.attempt == report.attempt else {
            return [.reportIgnored(task: report.task, attempt: report.attempt, token: report.token, at: now)]
        }
        let task = live.task
        let attempt = report.attempt
        let evidence = Evidence(report)
        switch report.outcome {
        case .succeeded(let result) where tasks[task].kind != .split:
            return [.attemptSucceeded(task: task, attempt: attempt, result: result, evidence: evidence)]
        case .expanded(let shared, let unitCount, let shards) where tasks[task].kind == .split:
            let stage = tasks[task].stage ?? 0
            if let leader = leader(of: stage), stages[leader].shardCount != shards.count {
                let failure = Failure(
                    .infra,
                    "the split has \(shards.count) shards, but stage \(plan.stages[leader].name), whose units it keeps,"
                        + " has \(stages[leader].shardCount ?? 0)")
                return [decide(failure, task: task, attempt: attempt, evidence: evidence, now: now)]
            }
            return [
                .splitExpanded(
                    task: task, attempt: attempt, shared: shared, unitCount: unitCount, shardCount: shards.count,
                    evidence: evidence)
            ] + shards.enumerated().map { .shardPlanned(stage: stage, index: $0.offset, units: $0.element) }
        case .skipped(let reason) where isConditional(task):
            return [.attemptSkipped(task: task, attempt: attempt, reason: reason, evidence: evidence)]
        case .failed(let failure):
            return [decide(failure, task: task, attempt: attempt, evidence: evidence, now: now)]
        default:
            let failure = Failure(.infra, "the executor answered with an outcome that does not suit the task")
            return [decide(failure, task: task, attempt: attempt, evidence: evidence, now: now)]
        }
    }

    /// Only the first task of a stage looks at the stage's condition.
    private func isConditional(_ task: Int) -> Bool {
        guard let stage = tasks[task].stage, plan.stages[stage].when != nil else { return false }
        return tasks[task].kind == .whole || tasks[task].kind == .split
    }

    private func decide(_ failure: Failure, task: Int, attempt: Int, evidence: Evidence, now: Int64) -> Fact {
        var failure = failure
        if failure.cause == .cancelled {
            if isHalting { return .attemptReleased(task: task, attempt: attempt, evidence: evidence) }
            failure = Failure(.lost, failure.message)
        }
        if failure.cause == .oom, let note = memoryNote(afterFailureOf: task) { failure.message += note }
        let own = failure.cause == .app || failure.cause == .timeout || failure.cause == .oom
        let delay = Backoff.delay(
            after: failure.cause, policy: policy(of: task).retry, ownFailures: tasks[task].ownFailures + (own ? 1 : 0),
            foreignFailures: tasks[task].foreignFailures + (own ? 0 : 1), seed: "\(job)/\(name(of: task))/\(attempt)")
        let retryAt = hedges[task] == nil ? delay.map { now.addingClamped($0.milliseconds) } : now
        return .attemptFailed(task: task, attempt: attempt, failure: failure, retryAt: retryAt, evidence: evidence)
    }

    /// The next thing to do by itself, as one fact; nil: nothing now. Call again after applying it. A started attempt's work is
    /// had from ``order(token:recovered:)``. What is due by `now` joins the queue; nothing else moves.
    /// - Parameters:
    ///   - slots: attempts that may hold one at once; see ``occupiedSlots``.
    ///   - token: called when an attempt starts, for its token.
    package mutating func schedule(now: Int64, slots: Int, token: () -> String) -> Fact? {
        guard status == .running else { return nil }
        if let limit = plan.policy.timeout, !timedOut, now >= clock.end(of: limit) { return .timedOut(at: now) }
        if running.isEmpty {
            if cancelRequested { return .finished(at: now, status: .cancelled, output: nil) }
            if failing || timedOut { return .finished(at: now, status: .failed, output: nil) }
            if isComplete { return finish(now: now) }
            if draining { return .paused(at: now, reason: pauseReason) }
        }
        guard !isHalting else { return nil }
        advance(to: now)
        if let fact = queueTimeout(now: now, slots: slots) { return fact }
        guard occupiedSlots < slotLimit(slots), let task = ready.first ?? nextHedge else { return nil }
        return .attemptStarted(task: task, attempt: tasks[task].attempts + 1, token: token(), at: now)
    }

    /// When there is something to do although nobody reports: the earliest back-off, time limit or straggler. Ask after
    /// ``schedule(now:slots:token:)`` has answered nil.
    package var nextWake: Int64? {
        let limit = status == .running && !timedOut ? plan.policy.timeout.map { clock.end(of: $0) } : nil
        guard !isHalting else { return limit }
        return [limit, retries.first?.at, queueLimits.first?.at, nextStraggling].compactMap { $0 }.min()
    }

    /// Every stage is settled, and the output gathered.
    private var isComplete: Bool {
        guard unsettledStages == 0 else { return false }
        return outputTask.map { tasks[$0].status == .succeeded || tasks[$0].status == .failed } ?? true
    }

    private func finish(now: Int64) -> Fact {
        let outputs = plan.outputs
        let present = outputs.filter { stages[$0].status.satisfiesDependents || stages[$0].skippedByCondition }
        let result = outputTask.map { tasks[$0].result } ?? outputs.first.flatMap { stages[$0].result }
        let lost =
            stages.contains { $0.status == .failed || $0.status == .partial }
            || stages.contains { $0.status == .skipped && !$0.skippedByCondition }
        if let outputTask, tasks[outputTask].status == .failed {
            return .finished(at: now, status: .failed, output: nil)
        }
        if present.isEmpty, !outputs.isEmpty { return .finished(at: now, status: .failed, output: nil) }
        return .finished(at: now, status: lost ? .partial : .succeeded, output: result)
    }
}
