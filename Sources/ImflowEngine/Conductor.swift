package import ImflowExecution

/// Drives one job: takes what has come, lets ``JobLoop`` turn, commits its facts in one transaction, and only then hands
/// out work. Every other method just leaves a note in its inbox.
package actor Conductor {
    /// Told after each commit, and when an attempt has finished units.
    package struct Observer: Sendable {
        /// The machine is lent for the call: a copy that outlives it would make the next fact pay for copying every task.
        package var committed: @Sendable (_ facts: [Fact], _ machine: borrowing JobMachine) -> Void
        package var unitsDone: @Sendable (_ task: String, _ done: Int) -> Void

        package init(
            committed: @escaping @Sendable ([Fact], borrowing JobMachine) -> Void,
            unitsDone: @escaping @Sendable (String, Int) -> Void
        ) {
            self.committed = committed
            self.unitsDone = unitsDone
        }
    }

    private var loop: JobLoop
    private let store: any JobStore
    private let pool: (any SlotPool)?
    private let executor: any Executor
    private let observer: Observer?
    private let now: @Sendable () -> Int64
    private let inbox = Inbox<JobLoop.News>()
    /// The running attempts by token. Each is awaited before ``run(opening:)`` returns.
    private var attempts: [String: Task<Void, Never>] = [:]

    /// Attempts that wait for a slot after having lent theirs, by token.
    private var reclaiming: [String: CheckedContinuation<Void, Never>] = [:]
    private var isEnding = false

    /// - Parameters:
    ///   - slots: attempts of this job that run at once.
    ///   - pool: the machine's slots, shared with other jobs; nil: this job has the machine to itself.
    ///   - now: milliseconds since 1970-01-01T00:00:00Z.
    package init(
        machine: JobMachine, store: any JobStore, executor: any Executor, slots: Int, pool: (any SlotPool)? = nil,
        observer: Observer? = nil, now: @escaping @Sendable () -> Int64
    ) {
        loop = JobLoop(machine: machine, slots: slots)
        self.store = store
        self.pool = pool
        self.executor = executor
        self.observer = observer
        self.now = now
    }

    package nonisolated func send(_ command: JobLoop.Command) { inbox.put(.command(command)) }

    /// A running attempt says that it waits for something else: another attempt may have its slot.
    package nonisolated func lendSlot(of token: String) { inbox.put(.command(.lendSlot(token: token))) }

    /// Returns when the attempt has a slot again, or is to end.
    package func reclaimSlot(of token: String) async {
        guard !isEnding, attempts[token] != nil, reclaiming[token] == nil else { return }
        await withCheckedContinuation { continuation in
            reclaiming[token] = continuation
            inbox.put(.command(.reclaimSlot(token: token)))
        }
    }

    /// Drives the job until it is finished or paused, and answers its last state.
    /// - Parameter opening: the facts that start this run, `resumed` the last; none when the submission is in the store already.
    /// - Throws: what the store threw. Attempts that ran were ended; nothing uncommitted counts, so the job can be resumed.
    package func run(opening: [Fact]) async throws -> JobMachine {
        let listener = Task { [inbox, store, job = loop.machine.job] in
            for await _ in store.changes() {
                guard let requests = try? await store.takeRequests(job: job) else { continue }
                for request in requests { inbox.put(.command(JobLoop.Command(request))) }
            }
        }
        let claim = pool?.join(
            job: loop.machine.job, priority: loop.machine.plan.policy.priority ?? 0, wake: { [inbox] in inbox.put(.wake) })
        defer {
            listener.cancel()
            claim?.leave()
        }
        let adjust = claim.map { claim in { (using: Int, wanting: Int) in claim.adjust(using: using, wanting: wanting) } }
        do {
            var effects = try await carryOut(loop.open(opening, now: now()))
            while !effects.isAtRest {
                effects = try await carryOut(loop.turn(takeNews(), now: now(), pool: adjust, token: Self.drawToken))
                if !effects.isAtRest { await waitForNews(until: effects.wake) }
            }
        } catch {
            await endAttempts()
            throw error
        }
        await endAttempts()
        return loop.machine
    }

    private func takeNews() -> [JobLoop.News] {
        let news = inbox.drain()
        for case .report(let report) in news {
            attempts[report.token] = nil
            reclaiming.removeValue(forKey: report.token)?.resume()
        }
        return news
    }

    private func carryOut(_ turn: JobLoop.Turn) async throws -> JobLoop.Effects {
        if let batch = turn.batch { try await store.commit(batch) }
        for order in turn.effects.orders { dispatch(order) }
        for token in turn.effects.ending { attempts[token]?.cancel() }
        for token in turn.effects.reclaimed { reclaiming.removeValue(forKey: token)?.resume() }
        if let batch = turn.batch { observer?.committed(batch.facts, loop.machine) }
        return turn.effects
    }

    private func dispatch(_ order: WorkOrder) {
        attempts[order.token] = Task(executorPreference: executor.threads) { [executor, inbox, observer] in
            let report = await executor.run(order) { observer?.unitsDone(order.task, $0) }
            inbox.put(.report(report))
        }
    }

    private func endAttempts() async {
        isEnding = true
        for attempt in attempts.values { attempt.cancel() }
        for waiting in reclaiming.values { waiting.resume() }
        reclaiming = [:]
        for attempt in attempts.values { await attempt.value }
        attempts = [:]
    }

    private func waitForNews(until wake: Int64?) async {
        guard let wake else { return await inbox.wait() }
        let alarm = Task { [inbox, delay = max(0, wake - now())] in
            try? await Task.sleep(for: .milliseconds(delay))
            if !Task.isCancelled { inbox.put(.wake) }
        }
        await inbox.wait()
        alarm.cancel()
    }

    private static func drawToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return [generator.next(), generator.next()].map { (word: UInt64) in
            let hex = String(word, radix: 16)
            return String(repeating: "0", count: 16 - hex.utf8.count) + hex
        }.joined()
    }
}
