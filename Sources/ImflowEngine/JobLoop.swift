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
        /// The same, at the request of another process: the job says so while it rests.
        case pause
        /// End what runs, too; it will run again after a resume.
        case stop
        case cancel
        /// The attempt waits for something else, such as a job that it submitted: others may run on its slot meanwhile.
        case lendSlot(token: String)
        /// It is to go on, as soon as there is a slot for it: ``Effects/reclaimed`` says when.
        case reclaimSlot(token: String)
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
        /// Tokens of attempts that lent their slot and have one again. Carried out whether or not there is a batch.
        package var reclaimed: [String] = []
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

    /// Why a job rests that another process asked to.
    package static let pauseReason = "paused by request"

    /// So many attempts may have lent their slots beside those that run; with more, nothing new starts.
    package static let mostLent = 64

    package private(set) var machine: JobMachine
    /// Attempts of this job that run at once.
    private let slots: Int
    private var lastSummaryAt: Int64 = 0
    /// Tokens of the attempts that were handed out and have not reported.
    private var handedOut: Set<String> = []
    /// Those of ``handedOut`` that were told to end.
    private var ending: Set<String> = []
    private var isStopping = false
    /// Tokens of the attempts that lent their slot.
    private var lent: Set<String> = []
    /// Those of ``lent`` that want one again, the oldest first.
    private var reclaiming: [String] = []

    /// - Parameter slots: attempts of this job that run at once.
    package init(machine: JobMachine, slots: Int) {
        self.machine = machine
        self.slots = slots
    }

    /// The first turn: commits the facts that start this drive, and hands out again what ran when another engine left off.
    /// - Parameter opening: `resumed` the last; none when the submission is in the store already.
    package mutating func open(_ opening: [Fact], now: Int64) -> Turn {
        for fact in opening { machine.apply(fact) }
        var effects = Effects()
        for order in machine.recoveredOrders { handOut(order, &effects) }
        return Turn(batch: batch(of: opening, now: now), effects: effects)
    }

    /// One turn. Times are milliseconds since 1970-01-01T00:00:00Z; they may jump in both directions.
    /// - Parameters:
    ///   - pool: ``SlotClaim/adjust(using:wanting:)`` of the machine's slots; nil: the job has the machine to itself.
    ///   - token: draws an attempt's token: never the same twice, and not to be guessed.
    package mutating func turn(
        _ news: [News], now: Int64, pool: ((_ using: Int, _ wanting: Int) -> Int)? = nil, token: () -> String
    ) -> Turn {
        var facts: [Fact] = []
        var effects = Effects()
        for item in news { take(item, now: now, &facts) }
        let room = room(pool, now: now, &effects)
        while let fact = machine.schedule(now: now, slots: room, token: token) {
            record(fact, in: &facts)
            if case .attemptStarted(_, _, let token, _) = fact {
                handOut(machine.order(token: token, recovered: false), &effects)
            }
        }
        // Less was started than there was room for: the rest is for others.
        if machine.occupiedSlots < room { _ = pool?(onSlots, onSlots + reclaiming.count) }
        effects.ending = attemptsToEnd()
        effects.isAtRest = machine.status != .running
        effects.wake = machine.nextWake
        return Turn(batch: batch(of: facts, now: now), effects: effects)
    }

    /// What cancels a job that nobody drives, when all that it ran has been ended: the facts to commit.
    package static func cancellation(of machine: JobMachine, now: Int64) -> [Fact] {
        var machine = machine
        var facts: [Fact] = []
        func record(_ fact: Fact) {
            machine.apply(fact)
            facts.append(fact)
        }
        record(.cancelRequested(at: now))
        for order in machine.recoveredOrders {
            let report = AttemptReport(
                order: order, outcome: .failed(Failure(.cancelled, "cancelled")), inputHash: nil, startedAt: now,
                finishedAt: now, latencyMilliseconds: 0, node: "")
            for fact in machine.decide(.report(report), now: now) { record(fact) }
        }
        record(.finished(at: now, status: .cancelled, output: nil))
        return facts
    }

    /// Attempts that are on a slot.
    private var onSlots: Int { handedOut.count - lent.count }

    /// Asks for slots, and lets attempts that want theirs back go first.
    /// - Returns: how many attempts the machine may have running, those included that lent their slot.
    private mutating func room(
        _ pool: ((_ using: Int, _ wanting: Int) -> Int)?, now: Int64, _ effects: inout Effects
    ) -> Int {
        let startable = min(machine.startable(now: now), max(0, slots + Self.mostLent - handedOut.count))
        let wanting = min(slots, onSlots + startable) + reclaiming.count
        var granted = pool?(onSlots, max(onSlots, wanting)) ?? slots
        // What halts is not to wait for a slot before it can end.
        if isStopping || machine.endsRunningAttempts { granted += reclaiming.count }
        while let token = reclaiming.first, onSlots < granted || !lent.contains(token) {
            reclaiming.removeFirst()
            lent.remove(token)
            effects.reclaimed.append(token)
        }
        // Attempts that no longer count run on slots until they have reported.
        let strays = pool == nil ? 0 : max(0, handedOut.count - machine.occupiedSlots)
        return min(min(slots, max(0, granted - strays)) + lent.count, slots + Self.mostLent)
    }

    private mutating func take(_ news: News, now: Int64, _ facts: inout [Fact]) {
        switch news {
        case .report(let report):
            handedOut.remove(report.token)
            ending.remove(report.token)
            lent.remove(report.token)
            reclaiming.removeAll { $0 == report.token }
            for fact in machine.decide(.report(report), now: now) { record(fact, in: &facts) }
        case .command(.cancel):
            for fact in machine.decide(.cancelRequested, now: now) { record(fact, in: &facts) }
        case .command(.drain): machine.draining = true
        case .command(.pause):
            machine.draining = true
            machine.pauseReason = Self.pauseReason
        case .command(.lendSlot(let token)):
            if handedOut.contains(token) { lent.insert(token) }
        case .command(.reclaimSlot(let token)):
            if !reclaiming.contains(token) { reclaiming.append(token) }
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

    private mutating func handOut(_ order: WorkOrder, _ effects: inout Effects) {
        handedOut.insert(order.token)
        effects.orders.append(order)
    }

    /// All, when the job halts; else those whose report would find nobody waiting. Looks only when there can be any.
    private mutating func attemptsToEnd() -> [String] {
        guard ending.count < handedOut.count else { return [] }
        let stray: Set<String>
        if isStopping || machine.endsRunningAttempts {
            stray = handedOut.subtracting(ending)
        } else if handedOut.count - ending.count > machine.liveCount {
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
