package import ImflowExecution
package import ImflowPlan

/// A job's journal, told task by task: what ran, why, and what was kept. Pure; a fold like the machine's own.
package struct JobHistory: Sendable {
    /// Why an attempt was made.
    package enum Reason: Sendable, Equatable {
        case first
        /// The attempt before it failed, and its policy allowed another.
        case retry(Failure)
        /// It had failed for good, and a resume gave it a fresh budget.
        case resumedAfterFailure(Failure)
        /// The attempt before it was ended by the engine, or never reported.
        case interrupted
        /// What it had made was lost or damaged.
        case outputLost
        /// What it works on was made anew since.
        case inputChanged
    }

    package enum End: Sendable, Equatable {
        case succeeded
        case skipped(String)
        case failed(Failure, retryAt: Int64?)
        /// Ended by the engine, by no fault of its own.
        case released
    }

    package struct Attempt: Sendable, Equatable {
        package var number: Int
        package var reason: Reason
        /// Milliseconds since 1970-01-01T00:00:00Z.
        package var startedAt: Int64
        package var finishedAt: Int64?
        /// Nil: no report counts yet.
        package var end: End?
        package var cache: CacheEvidence?
        /// What of its time it waited for instances or containers to start; nil: none, or nobody can tell.
        package var startMilliseconds: Double?
    }

    /// The job as it is after its last fact.
    package private(set) var machine: JobMachine
    /// When the job was taken up again.
    package private(set) var resumes: [Int64] = []
    /// By task name: a task that stands in for a superseded one goes on in its place.
    private var attempts: [String: [Attempt]] = [:]
    /// By task name: what has happened to its last result.
    private var setBack: [String: Reason] = [:]

    package init(job: String, plan: Plan, facts: [Fact]) {
        machine = JobMachine(job: job, plan: plan)
        for fact in facts { add(fact) }
    }

    /// The attempts of a task, oldest first.
    package func attempts(of task: Int) -> [Attempt] { attempts[machine.name(of: task)] ?? [] }

    /// The task succeeded before the job was last resumed and was not run again since: when it did.
    package func keptSince(_ task: Int) -> Int64? {
        guard machine.tasks[task].status == .succeeded || machine.tasks[task].status == .skipped,
            let resumed = resumes.last, let last = attempts(of: task).last, last.startedAt < resumed
        else { return nil }
        // The engine was killed while it ran, and the attempt was taken up again: its end is what counts.
        guard let finished = last.finishedAt, finished <= resumed else { return nil }
        return finished
    }

    private mutating func add(_ fact: Fact) {
        if case .outputsLost(let tasks) = fact {
            for task in tasks where machine.tasks.indices.contains(task) {
                setBack[machine.name(of: task)] = .outputLost
            }
        }
        let superseded = Self.takesBack(fact) ? supersededTasks : []
        machine.apply(fact)
        switch fact {
        case .attemptStarted(let task, let attempt, _, let at): start(task, attempt, at)
        case .attemptSucceeded(let task, let attempt, _, let evidence): end(task, attempt, .succeeded, evidence)
        case .splitExpanded(let task, let attempt, _, _, _, let evidence): end(task, attempt, .succeeded, evidence)
        case .attemptSkipped(let task, let attempt, let reason, let evidence):
            end(task, attempt, .skipped(reason), evidence)
        case .attemptFailed(let task, let attempt, let failure, let retryAt, let evidence):
            end(task, attempt, .failed(failure, retryAt: retryAt), evidence)
        case .attemptReleased(let task, let attempt, let evidence): end(task, attempt, .released, evidence)
        case .outputsLost, .resumed:
            if case .resumed(let at) = fact { resumes.append(at) }
            for task in supersededTasks.subtracting(superseded) {
                let name = machine.name(of: task)
                if setBack[name] == nil { setBack[name] = .inputChanged }
            }
        default: break
        }
    }

    /// Whether a fact may make tasks give way to newer ones.
    private static func takesBack(_ fact: Fact) -> Bool {
        switch fact {
        case .outputsLost, .resumed: true
        default: false
        }
    }

    private var supersededTasks: Set<Int> {
        Set(machine.tasks.indices.filter { machine.tasks[$0].status == .superseded })
    }

    private mutating func start(_ task: Int, _ number: Int, _ at: Int64) {
        let name = machine.name(of: task)
        let reason = reason(after: attempts[name]?.last, setBack: setBack.removeValue(forKey: name))
        attempts[name, default: []].append(Attempt(number: number, reason: reason, startedAt: at))
    }

    private func reason(after last: Attempt?, setBack: Reason?) -> Reason {
        guard let last else { return .first }
        switch last.end {
        case .failed(let failure, .some): return .retry(failure)
        case .failed(let failure, nil): return setBack ?? .resumedAfterFailure(failure)
        case .released, nil: return setBack ?? .interrupted
        case .succeeded, .skipped: return setBack ?? .inputChanged
        }
    }

    private mutating func end(_ task: Int, _ number: Int, _ end: End, _ evidence: Evidence) {
        let name = machine.name(of: task)
        guard let index = attempts[name]?.lastIndex(where: { $0.number == number }) else { return }
        attempts[name]?[index].end = end
        attempts[name]?[index].finishedAt = evidence.finishedAt
        attempts[name]?[index].cache = evidence.cache
        attempts[name]?[index].startMilliseconds = evidence.startMilliseconds
    }
}
