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
        guard let task = running.first(where: { tasks[$0].live?.token == report.token }),
            tasks[task].attempts == report.attempt
        else {
            return [.reportIgnored(task: report.task, attempt: report.attempt, token: report.token, at: now)]
        }
        let attempt = report.attempt
        let evidence = Evidence(report)
        switch report.outcome {
        case .succeeded(let result) where tasks[task].kind != .split:
            return [.attemptSucceeded(task: task, attempt: attempt, result: result, evidence: evidence)]
        case .expanded(let shared, let unitCount, let shards) where tasks[task].kind == .split:
            let stage = tasks[task].stage ?? 0
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
        let own = failure.cause == .app || failure.cause == .timeout || failure.cause == .oom
        let delay = Backoff.delay(
            after: failure.cause, policy: policy(of: task).retry, ownFailures: tasks[task].ownFailures + (own ? 1 : 0),
            foreignFailures: tasks[task].foreignFailures + (own ? 0 : 1), seed: "\(job)/\(name(of: task))/\(attempt)")
        return .attemptFailed(
            task: task, attempt: attempt, failure: failure, retryAt: delay.map { now + $0.milliseconds },
            evidence: evidence)
    }

    /// The next thing to do by itself, as one fact; nil: nothing now. Call again after applying it. A started attempt's work is
    /// had from ``order(for:recovered:)``.
    /// - Parameter token: called when an attempt starts, for its token.
    package func schedule(now: Int64, slots: Int, token: () -> String) -> Fact? {
        guard status == .running else { return nil }
        if let limit = plan.policy.timeout, !timedOut, now >= drivenSince + limit.milliseconds {
            return .timedOut(at: now)
        }
        if running.isEmpty {
            if cancelRequested { return .finished(at: now, status: .cancelled, output: nil) }
            if failing || timedOut { return .finished(at: now, status: .failed, output: nil) }
            if isComplete { return finish(now: now) }
            if draining { return .paused(at: now) }
        }
        guard !isHalting, running.count < slots, let task = nextReady(now: now) else { return nil }
        return .attemptStarted(task: task, attempt: tasks[task].attempts + 1, token: token(), at: now)
    }

    private func nextReady(now: Int64) -> Int? {
        let due = delayed.filter { (tasks[$0].retryAt ?? 0) <= now }.min()
        return due ?? ready.first
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
