import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Why one task ran, or did not.
struct TaskStory {
    let history: JobHistory
    let task: Int
    let isDriven: Bool
    let neighbours: CacheNeighbours

    private var machine: JobMachine { history.machine }
    private var state: TaskState { machine.tasks[task] }
    private var attempts: [JobHistory.Attempt] { history.attempts(of: task) }

    /// One sentence: what decided last.
    var reason: String {
        if let kept = history.keptSince(task), let resumed = history.resumes.last {
            let made = "kept: it had \(state.status.rawValue) at \(WallClock.text(kept))"
            return "\(made), before the job was resumed at \(WallClock.text(resumed))\(source)"
        }
        switch state.status {
        case .ready:
            return isDriven
                ? "waits for a free slot: it is ready" : "waits: nobody drives the job; imflow resume \(machine.job)"
        case .waiting:
            let until = state.retryAt.map { " at \(WallClock.text($0))" } ?? ""
            return "waits to be tried again\(until): \(failureText)"
        case .cancelled: return "was not run\(attempts.isEmpty ? "" : " again"): \(whyNot)"
        case .superseded: return "another task stands in for it: what it works on is made anew"
        case .skipped:
            if case .skipped(let reason)? = attempts.last?.end { return "skipped: \(reason)" }
            return "skipped"
        case .running, .succeeded, .failed:
            guard let last = attempts.last else { return state.status.rawValue }
            return source.isEmpty ? "ran: \(Self.sentence(last.reason))" : String(source.dropFirst(2))
        }
    }

    private var source: String {
        guard let cache = attempts.last?.cache, cache.outcome == .hit else { return "" }
        return "; taken from the cache: \(cache.from ?? "another job") made it"
    }

    private var failureText: String {
        state.failure.map { "its last attempt failed (\($0.cause.rawValue)): \($0.message)" } ?? "an attempt failed"
    }

    private var whyNot: String {
        if let stage = state.stage, let failure = machine.stages[stage].failure {
            return "its stage failed first (\(failure.cause.rawValue)): \(failure.message)"
        }
        if machine.cancelRequested { return "the job was cancelled" }
        return machine.timedOut ? "the job's time limit had passed" : "the job failed first"
    }

    static func sentence(_ reason: JobHistory.Reason) -> String {
        switch reason {
        case .first: "first run"
        case .retry(let failure): "tried again after \(failure.cause.rawValue): \(failure.message)"
        case .resumedAfterFailure(let failure):
            "a resume gave it a fresh budget after \(failure.cause.rawValue): \(failure.message)"
        case .interrupted: "the attempt before it was ended with its engine, and did not count"
        case .outputLost: "what it had made was lost or damaged in the store"
        case .inputChanged: "what it works on was made anew"
        }
    }

    /// What the cache did for an attempt, in words; nil when there is nothing to tell.
    private func cacheText(_ attempt: JobHistory.Attempt) -> String? {
        guard let cache = attempt.cache else {
            guard callsModel, let stage = state.stage, attempt.end != nil else { return nil }
            return machine.plan.stages[stage].policy.cache ? nil : "cache off: the stage has no `cache: true`"
        }
        var parts: [String] = []
        switch cache.outcome {
        case .hit: parts.append("taken from the cache: \(cache.from ?? "another job") made it")
        case .missed:
            if let near = neighbours.difference(of: cache, job: machine.job, startedAt: attempt.startedAt) {
                parts.append("not in the cache: \(Self.list(near.sentences)); the nearest is of \(near.from)")
            } else {
                parts.append("not in the cache, nor anything like it")
            }
        case .refreshed: parts.append("made anew: --refresh")
        case .damaged: parts.append("the result in the cache was damaged; it was dropped")
        case .off: parts.append("cache off: --no-cache")
        case .unavailable: break
        }
        if let other = cache.waitedFor { parts.append("it had waited for \(other), which made the same call") }
        if let note = cache.note {
            parts.append(cache.outcome == .unavailable ? "the cache could not be used: \(note)" : note)
        }
        return parts.joined(separator: "; ")
    }

    private var callsModel: Bool {
        guard let stage = state.stage, case .call = machine.plan.stages[stage].kind else { return false }
        return state.isCall || state.kind == .merge && machine.plan.stages[stage].merge?.reducer != nil
    }

    private static func list(_ sentences: [String]) -> String {
        let most = 5
        let more = sentences.count > most ? ", and \(sentences.count - most) more" : ""
        return sentences.prefix(most).joined(separator: ", ") + more
    }

    private func endText(_ attempt: JobHistory.Attempt) -> String {
        switch attempt.end {
        case .succeeded: "succeeded"
        case .skipped(let reason): "skipped: \(reason)"
        case .failed(let failure, _): "failed (\(failure.cause.rawValue)): \(failure.message)"
        case .released: "ended by the engine"
        case nil: isDriven ? "running" : "its engine is gone"
        }
    }

    private func startText(_ attempt: JobHistory.Attempt) -> String {
        attempt.startMilliseconds.map { "; it had waited \(WallClock.span(Int64($0))) for its model to start" } ?? ""
    }

    /// Lines for people, without the task's name.
    var text: [String] {
        var lines = [reason]
        for attempt in attempts {
            let start = "attempt \(attempt.number) at \(WallClock.text(attempt.startedAt))"
            lines.append("  \(start): \(Self.sentence(attempt.reason)); \(endText(attempt))\(startText(attempt))")
            if let cache = cacheText(attempt) { lines.append("    \(cache)") }
        }
        return lines
    }

    var json: JSONValue {
        [
            "task": .string(machine.name(of: task)), "job_id": .string(machine.subJobID(of: task)),
            "stage": state.stage.map { .string(machine.plan.stages[$0].name) } ?? .null,
            "status": .string(state.status.rawValue), "reason": .string(reason),
            "kept_since": history.keptSince(task).map { .string(WallClock.text($0)) } ?? .null,
            "attempts": .array(attempts.map(json(attempt:))),
        ]
    }

    private func json(attempt: JobHistory.Attempt) -> JSONValue {
        var members: JSONObject = [
            "attempt": .int(Int64(attempt.number)), "reason": .string(Self.sentence(attempt.reason)),
            "end": .string(endText(attempt)), "started_at": .string(WallClock.text(attempt.startedAt)),
            "finished_at": attempt.finishedAt.map { .string(WallClock.text($0)) } ?? .null,
        ]
        if let start = attempt.startMilliseconds { members["start_ms"] = .number((start * 1000).rounded() / 1000) }
        if let cache = attempt.cache { members["cache"] = json(cache: cache, attempt) }
        return .object(members)
    }

    private func json(cache: CacheEvidence, _ attempt: JobHistory.Attempt) -> JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        var members: JSONObject = [
            "outcome": .string(cache.outcome.rawValue), "key": text(cache.key?.description), "from": text(cache.from),
            "waited_for": text(cache.waitedFor), "note": text(cache.note),
        ]
        if let fields = cache.fields {
            members["fields"] = .object(
                JSONObject(uniqueKeysWithValues: fields.sorted { $0.key < $1.key }.map { ($0, .string($1.description)) }))
        }
        if cache.outcome == .missed, let near = neighbours.difference(of: cache, job: machine.job, startedAt: attempt.startedAt) {
            members["nearest"] = .string(near.from)
            members["differs"] = .array(near.fields.map { .string($0) })
        }
        return .object(members)
    }
}
