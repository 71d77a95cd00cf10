import Glibc
import ImflowEngine
import ImflowExecution
import ImflowJSON
import Synchronization

/// Appends what happens to a job to a file, an event a line: CloudEvents 1.0 in its JSON format. An event is written when its
/// facts are committed, and never before; its id is the same however often it is written.
final class EventLog: Sendable {
    private let path: String
    private let source: String
    /// Whether a failure has been told: events are a convenience, and a full disk is told once.
    private let hasFailed = Mutex(false)

    /// - Parameter path: of a file, a pipe or a device; a file is made when it is not there.
    init(path: String, job: String) {
        self.path = path
        source = "imflow/jobs/\(job)"
    }

    /// `observer`, with events written first.
    func observing(_ observer: Conductor.Observer) -> Conductor.Observer {
        var observing = observer
        observing.committed = { [self] facts, machine in
            append(facts.compactMap { event(of: $0, machine) })
            observer.committed(facts, machine)
        }
        return observing
    }

    /// The event of a job's submission, which is committed before it is driven.
    func submitted(_ machine: JobMachine) {
        append([
            event("job.submitted", "job.submitted", at: machine.submittedAt, ["job_id": .string(machine.job)], machine.job)
        ])
    }

    private func append(_ events: [JSONValue]) {
        guard !events.isEmpty else { return }
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
        do {
            guard descriptor >= 0 else { throw Console.WriteError(code: errno) }
            defer { close(descriptor) }
            try Console.writeAll(Array(events.map { $0.text + "\n" }.joined().utf8), to: descriptor)
        } catch {
            let reason = String(cString: strerror((error as? Console.WriteError)?.code ?? EIO))
            let isNews = hasFailed.withLock { failed in
                defer { failed = true }
                return !failed
            }
            if isNews { Console.note("events cannot be written to \(path): \(reason); the job goes on without them") }
        }
    }

    private func event(of fact: Fact, _ machine: borrowing JobMachine) -> JSONValue? {
        switch fact {
        case .attemptStarted(let task, let attempt, _, let at):
            return event("attempt.started", task, attempt, at: at, [:], machine)
        case .attemptSucceeded, .splitExpanded, .attemptSkipped, .attemptFailed, .attemptReleased:
            return machine.receipt(of: fact).map { event(of: $0, fact, machine) }
        case .queueTimedOut(let task, let failure, let at):
            let details: JSONObject = ["cause": .string(failure.cause.rawValue), "message": .string(failure.message)]
            return event("task.failed", task, nil, at: at, details, machine)
        case .reportIgnored(let task, let attempt, _, let at):
            let details: JSONObject = ["task": .string(task), "attempt": .int(Int64(attempt))]
            return event("report.ignored", "\(task)/\(attempt)/ignored/\(at)", at: at, details, task)
        case .outputsLost(let tasks):
            let names = tasks.map { machine.name(of: $0) }
            return event(
                "outputs.lost", "lost/\(names.joined(separator: ","))", at: WallClock.now,
                ["tasks": .array(names.map { .string($0) })], machine.job)
        case .cancelRequested(let at): return event("job.cancel_requested", "cancel/\(at)", at: at, [:], machine.job)
        case .paused(let at, _): return event("job.paused", "paused/\(at)", at: at, [:], machine.job)
        case .resumed(let at): return event("job.resumed", "resumed/\(at)", at: at, [:], machine.job)
        case .timedOut(let at): return event("job.timed_out", "timeout/\(at)", at: at, [:], machine.job)
        case .replanned(let replan): return event("job.replanned", "replan/\(replan.at)", at: replan.at, [:], machine.job)
        case .finished(let at, let status, let output):
            var details: JSONObject = ["status": .string(status.rawValue)]
            if let output { details["output_hash"] = .string(output.hash.description) }
            return event("job.finished", "finished/\(at)", at: at, details, machine.job)
        case .submitted, .shardPlanned: return nil
        }
    }

    private func event(of receipt: Receipt, _ fact: Fact, _ machine: borrowing JobMachine) -> JSONValue {
        var details: JSONObject = [
            "job_id": .string(receipt.jobID), "stage": .string(receipt.stage), "task": .string(receipt.task),
            "attempt": .int(Int64(receipt.attempt)), "status": .string(receipt.status.rawValue),
            "latency_ms": .number((receipt.latencyMilliseconds * 1000).rounded() / 1000),
            "node_id": .string(receipt.node),
        ]
        if let start = receipt.startMilliseconds { details["start_ms"] = .number((start * 1000).rounded() / 1000) }
        if let index = receipt.shardIndex { details["shard_index"] = .int(Int64(index)) }
        if let cause = receipt.cause { details["cause"] = .string(cause.rawValue) }
        if let message = receipt.message { details["message"] = .string(message) }
        if let hash = receipt.outputHash { details["output_hash"] = .string(hash.description) }
        if case .splitExpanded(_, _, _, let units, let shards, _) = fact {
            details["units"] = .int(Int64(units))
            details["shards"] = .int(Int64(shards))
        }
        return event(
            "attempt.\(receipt.status.rawValue)", "\(receipt.task)/\(receipt.attempt)/ended", at: receipt.finishedAt,
            details, receipt.task)
    }

    private func event(
        _ type: String, _ task: Int, _ attempt: Int?, at: Int64, _ details: JSONObject, _ machine: borrowing JobMachine
    ) -> JSONValue {
        let name = machine.name(of: task)
        var details = details
        details["job_id"] = .string(machine.subJobID(of: task))
        details["stage"] = .string(machine.stageName(of: task) ?? "")
        details["task"] = .string(name)
        if let attempt { details["attempt"] = .int(Int64(attempt)) }
        return event(type, "\(name)/\(attempt ?? 0)/\(type)", at: at, details, name)
    }

    private func event(_ type: String, _ id: String, at: Int64, _ details: JSONObject, _ subject: String) -> JSONValue {
        [
            "specversion": "1.0", "id": .string(id), "source": .string(source), "type": .string("imflow.\(type)"),
            "subject": .string(subject), "time": .string(WallClock.text(at)), "datacontenttype": "application/json",
            "data": .object(details),
        ]
    }
}
