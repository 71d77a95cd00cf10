package import ImflowExecution

/// What drives one job, without clock, threads, store or executor: takes what has come and the time, and answers what
/// to commit and what to do once it is committed. ``Conductor`` turns it in earnest; a simulation, in a drawn world.
///
/// The state moves before the commit. When a commit fails, the loop is to be given up: no effect of it has left, and
/// folding the stored facts leads on from what was kept.
package struct JobLoop: Sendable {
    /// What the outside may ask of a job that is driven.
    package enum Command: Sendable, Equatable {
        /// Start nothing new; come to rest when what runs has ended.
        case drain
        /// End what runs, too; it will run again after a resume.
        case stop
        case cancel
        /// So many of its attempts wait for something else now, and have lent their slots: as many more may run.
        case parked(Int)
    }

    package enum News: Sendable {
        case report(AttemptReport)
        case command(Command)
        /// Time has passed.
        case wake
    }

    /// To be carried out when the turn's batch is committed, never before.
    package struct Effects: Sendable {
        /// To hand to the executor, in this order.
        package var orders: [WorkOrder] = []
        /// Tokens of attempts handed out earlier that are to be ended. Their reports are still awaited.
        package var ending: [String] = []
        /// The job is finished or paused: no turn is to follow.
        package var isAtRest = false
        /// When to turn again although no news has come, in milliseconds since 1970-01-01T00:00:00Z; nil: not before news.
        package var wake: Int64?
    }

    package struct Turn: Sendable {
        /// Nil: nothing has happened that is worth keeping.
        package var batch: FactBatch?
        package var effects: Effects
    }

    /// A busy job's summary is written this often, in milliseconds: summing up costs time in proportion to the stages, of
    /// which it is to take no more than a few hundredths.
    private var summaryInterval: Int64 { max(250, Int64(machine.plan.stages.count) / 4) }

    package private(set) var machine: JobMachine
    /// Attempts that run at once.
    private let slots: Int
    /// Attempts that need no slot for now.
    private var parked = 0
    private var lastSummaryAt: Int64 = 0
    /// Tokens of the attempts that were handed out and have not reported.
    private var handedOut: Set<String> = []
    /// Those of ``handedOut`` that were told to end.
    private var ending: Set<String> = []
    private var isStopping = false

    /// - Parameter slots: attempts that run at once.
    package init(machine: JobMachine, slots: Int) {
        self.machine = machine
        self.slots = slots
    }

    /// The first turn: commits the facts that start this drive, and hands out again what ran when another engine left off.
    /// - Parameter opening: `resumed` the last; none when the submission is in the store already.
    package mutating func open(_ opening: [Fact], now: Int64) -> Turn {
        for fact in opening { machine.apply(fact) }
        var effects = Effects()
        for task in machine.running.sorted() { handOut(task, recovered: true, &effects) }
        return Turn(batch: batch(of: opening, now: now), effects: effects)
    }

    /// One turn. Times are milliseconds since 1970-01-01T00:00:00Z; they may jump in both directions.
    /// - Parameter token: draws an attempt's token: never the same twice, and not to be guessed.
    package mutating func turn(_ news: [News], now: Int64, token: () -> String) -> Turn {
        var facts: [Fact] = []
        var effects = Effects()
        for item in news { take(item, now: now, &facts) }
        while let fact = machine.schedule(now: now, slots: slots + parked, token: token) {
            record(fact, in: &facts)
            if case .attemptStarted(let task, _, _, _) = fact { handOut(task, recovered: false, &effects) }
        }
        effects.ending = attemptsToEnd()
        effects.isAtRest = machine.status != .running
        effects.wake = machine.nextWake
        return Turn(batch: batch(of: facts, now: now), effects: effects)
    }

    private mutating func take(_ news: News, now: Int64, _ facts: inout [Fact]) {
        switch news {
        case .report(let report):
            handedOut.remove(report.token)
            ending.remove(report.token)
            for fact in machine.decide(.report(report), now: now) { record(fact, in: &facts) }
        case .command(.cancel):
            for fact in machine.decide(.cancelRequested, now: now) { record(fact, in: &facts) }
        case .command(.parked(let count)): parked = max(0, count)
        case .command(.drain): machine.draining = true
        case .command(.stop):
            machine.draining = true
            isStopping = true
        case .wake: break
        }
    }

    private mutating func record(_ fact: Fact, in facts: inout [Fact]) {
        machine.apply(fact)
        facts.append(fact)
    }

    private mutating func handOut(_ task: Int, recovered: Bool, _ effects: inout Effects) {
        let order = machine.order(for: task, recovered: recovered)
        handedOut.insert(order.token)
        effects.orders.append(order)
    }

    /// All, when the job halts; else those whose report would find nobody waiting. Looks only when there can be any.
    private mutating func attemptsToEnd() -> [String] {
        guard ending.count < handedOut.count else { return [] }
        let stray: Set<String>
        if isStopping || machine.endsRunningAttempts {
            stray = handedOut.subtracting(ending)
        } else if handedOut.count - ending.count > machine.running.count {
            stray = handedOut.subtracting(ending).subtracting(machine.liveTokens)
        } else {
            return []
        }
        ending.formUnion(stray)
        return stray.sorted()
    }

    private mutating func batch(of facts: [Fact], now: Int64) -> FactBatch? {
        guard !facts.isEmpty else { return nil }
        return FactBatch(job: machine.job, facts: facts, summary: summaryIfDue(now: now))
    }

    /// A job that comes to rest is summed up at once.
    private mutating func summaryIfDue(now: Int64) -> JobSummary? {
        guard machine.status != .running || now - lastSummaryAt >= summaryInterval || now < lastSummaryAt else {
            return nil
        }
        lastSummaryAt = now
        return machine.summary
    }
}
