package import ImflowExecution
import ImflowPlan

/// Drives one job: takes what has come, decides, commits facts and projections in one transaction, and only then hands
/// out work. Every other method just leaves a note in its inbox.
package actor Conductor {
    /// What the outside may ask of a running conductor.
    package enum Command: Sendable {
        /// Start nothing new; return when what runs has ended.
        case drain
        /// End what runs, too; it will run again after a resume.
        case stop
        case cancel
    }

    /// Told after each commit, and when an attempt has finished units.
    package struct Observer: Sendable {
        package var committed: @Sendable (_ facts: [Fact], _ machine: JobMachine) -> Void
        package var unitsDone: @Sendable (_ task: String, _ done: Int) -> Void

        package init(
            committed: @escaping @Sendable ([Fact], JobMachine) -> Void,
            unitsDone: @escaping @Sendable (String, Int) -> Void
        ) {
            self.committed = committed
            self.unitsDone = unitsDone
        }
    }

    private enum News: Sendable {
        case report(AttemptReport)
        case command(Command)
        case wake
    }

    private var machine: JobMachine
    private let store: any JobStore
    private let executor: any Executor
    private let slots: Int
    private let observer: Observer?
    private let now: @Sendable () -> Int64
    private let inbox = Inbox<News>()
    private var lastSummaryAt: Int64 = 0
    /// The running attempts by token. Each is awaited before ``run(from:)`` returns.
    private var attempts: [String: Task<Void, Never>] = [:]

    /// - Parameters:
    ///   - slots: attempts that run at once.
    ///   - now: milliseconds since 1970-01-01T00:00:00Z.
    package init(
        machine: JobMachine, store: any JobStore, executor: any Executor, slots: Int, observer: Observer? = nil,
        now: @escaping @Sendable () -> Int64
    ) {
        self.machine = machine
        self.store = store
        self.executor = executor
        self.slots = slots
        self.observer = observer
        self.now = now
    }

    package nonisolated func send(_ command: Command) { inbox.put(.command(command)) }

    /// Drives the job until it is finished or paused, and answers its last state.
    /// - Parameter opening: the facts that start this run, `resumed` the last; none when the submission is in the store already.
    /// - Throws: what the store threw. Attempts that ran were ended; nothing uncommitted counts, so the job can be resumed.
    package func run(opening: [Fact]) async throws -> JobMachine {
        let poller = Task { [inbox, store, job = machine.job] in
            // Another process asks through the store, which cannot call back.
            while !Task.isCancelled {
                if let requests = try? await store.takeRequests(job: job), requests.contains(.cancel) {
                    inbox.put(.command(.cancel))
                }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
        defer { poller.cancel() }
        do {
            if !opening.isEmpty { try await commit(opening, starting: []) }
            for task in machine.running.sorted() { dispatch(machine.order(for: task, recovered: true)) }
            try await loop()
        } catch {
            await endAttempts()
            throw error
        }
        await endAttempts()
        return machine
    }

    private func loop() async throws {
        while true {
            let news = inbox.drain()
            var facts: [Fact] = []
            var started: [Int] = []
            for item in news { handle(item, facts: &facts) }
            while let fact = machine.schedule(now: now(), slots: slots, token: Self.drawToken) {
                machine.apply(fact)
                facts.append(fact)
                if case .attemptStarted(let task, _, _, _) = fact { started.append(task) }
            }
            if !facts.isEmpty { try await commit(facts, applied: true, starting: started) }
            if machine.endsRunningAttempts { for attempt in attempts.values { attempt.cancel() } }
            if machine.status != .running { return }
            await waitForNews()
        }
    }

    private func handle(_ news: News, facts: inout [Fact]) {
        switch news {
        case .report(let report):
            attempts[report.token] = nil
            for fact in machine.decide(.report(report), now: now()) { record(fact, in: &facts) }
        case .command(.cancel):
            for fact in machine.decide(.cancelRequested, now: now()) { record(fact, in: &facts) }
        case .command(.drain): machine.draining = true
        case .command(.stop):
            machine.draining = true
            for attempt in attempts.values { attempt.cancel() }
        case .wake: break
        }
    }

    private func record(_ fact: Fact, in facts: inout [Fact]) {
        machine.apply(fact)
        facts.append(fact)
    }

    /// The state has moved before the commit; when the commit fails the state is given up with this conductor, and no
    /// effect of the facts has left it.
    private func commit(_ facts: [Fact], applied: Bool = false, starting: [Int]) async throws {
        if !applied { for fact in facts { machine.apply(fact) } }
        let receipts = facts.compactMap { machine.receipt(of: $0) }
        try await store.commit(
            FactBatch(job: machine.job, facts: facts, receipts: receipts, summary: summaryIfDue()))
        for task in starting { dispatch(machine.order(for: task, recovered: false)) }
        observer?.committed(facts, machine)
    }

    /// Summing up costs time in proportion to the stages, so a busy job does it a few times a second; a job that comes to rest, at once.
    private func summaryIfDue() -> JobSummary? {
        let time = now()
        guard machine.status != .running || time - lastSummaryAt >= 250 || time < lastSummaryAt else { return nil }
        lastSummaryAt = time
        return machine.summary
    }

    private func dispatch(_ order: WorkOrder) {
        attempts[order.token] = Task(executorPreference: BlockingThreads.shared) { [executor, inbox, observer] in
            let report = await executor.run(order) { observer?.unitsDone(order.task, $0) }
            inbox.put(.report(report))
        }
    }

    private func endAttempts() async {
        for attempt in attempts.values { attempt.cancel() }
        for attempt in attempts.values { await attempt.value }
        attempts = [:]
    }

    private func waitForNews() async {
        guard let wake = machine.nextWake else { return await inbox.wait() }
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
