import ImflowEngine
import ImflowExecution
import ImflowPlan
import ImflowStore
import Synchronization
import Testing

/// Answers orders by a function; can hold them until it is told to go on.
final class ScriptedExecutor: Executor {
    private let answer: @Sendable (WorkOrder) -> Outcome
    private let seen = Mutex<[WorkOrder]>([])
    /// Orders of these tasks run until they are cancelled.
    private let endless: Set<String>

    init(endless: Set<String> = [], _ answer: @escaping @Sendable (WorkOrder) -> Outcome) {
        self.answer = answer
        self.endless = endless
    }

    var orders: [WorkOrder] { seen.withLock { $0 } }

    func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
        seen.withLock { $0.append(order) }
        if endless.contains(order.task) {
            let (stream, _) = AsyncStream.makeStream(of: Void.self)
            for await _ in stream {}
            return report(order, .failed(Failure(.cancelled, "ended")))
        }
        return report(order, answer(order))
    }

    func sweep(job: String, keeping tokens: Set<String>) async {}
    func shutdown() async {}
}

/// A store that refuses every commit after the first few.
final class RefusingStore: JobStore {
    struct Refusal: Error {}
    private let left: Mutex<Int>
    let kept = Mutex<[Fact]>([])

    init(commits: Int) { left = Mutex(commits) }

    func commit(_ batch: FactBatch) async throws {
        let allowed = left.withLock { left in
            left -= 1
            return left >= 0
        }
        guard allowed else { throw Refusal() }
        kept.withLock { $0 += batch.facts }
    }

    func takeRequests(job: String) async throws -> [JobRequest] { [] }
}

@Suite("Conductor")
struct ConductorTests {
    private let folder: TemporaryFolder
    private let database: JobDatabase

    init() throws {
        folder = try TemporaryFolder()
        database = try JobDatabase(path: folder.path + "/imflow.db")
    }

    private func submit(_ plan: Plan) async throws -> JobMachine {
        let submitted = Fact.submitted(at: 0, input: payload("{}"))
        var machine = JobMachine(job: "j", plan: plan)
        machine.apply(submitted)
        try await database.insert(
            job: "j", plan: payload("{}"), launch: "{}", submitted: submitted, summary: machine.summary)
        return machine
    }

    private func replayed(_ plan: Plan) async throws -> JobMachine {
        var machine = JobMachine(job: "j", plan: plan)
        for fact in try await database.facts(of: "j") { machine.apply(fact) }
        return machine
    }

    @Test("drives a job of 300 shards to its end, and the journal says the same as the state")
    func drives() async throws {
        let plan = plan([stage("a", split: true), stage("b", needs: [0])])
        let executor = ScriptedExecutor { obedient(shards: 300)($0) }
        let conductor = Conductor(machine: try await submit(plan), store: database, executor: executor, slots: 8) { 1 }
        let final = try await conductor.run(opening: [])
        #expect(final.status == .succeeded)
        #expect(executor.orders.count == 303)
        #expect(try await replayed(plan).summary == final.summary)
        var folded = JobMachine(job: "j", plan: plan)
        let receipts = try await database.facts(of: "j").compactMap { fact in
            defer { folded.apply(fact) }
            return folded.receipt(of: fact)
        }
        #expect(receipts.count == 303)
        #expect(try await database.jobs().first?.summary == final.summary)
    }

    @Test("a store that refuses stops the engine; nothing uncommitted was handed out", arguments: 0..<6)
    func refusal(commits: Int) async throws {
        let store = RefusingStore(commits: commits)
        let executor = ScriptedExecutor { obedient(shards: 20)($0) }
        var machine = JobMachine(job: "j", plan: plan([stage("a", split: true)]))
        machine.apply(.submitted(at: 0, input: payload("{}")))
        let conductor = Conductor(machine: machine, store: store, executor: executor, slots: 2) { 1 }
        await #expect(throws: RefusingStore.Refusal.self) { _ = try await conductor.run(opening: []) }
        let committed = store.kept.withLock { facts in
            facts.count { if case .attemptStarted = $0 { true } else { false } }
        }
        #expect(executor.orders.count == committed)
    }

    @Test("stop ends what runs, leaves the job pending, and a resume finishes it")
    func stop() async throws {
        let plan = plan([stage("a"), stage("b", needs: [0])])
        let stuck = ScriptedExecutor(endless: ["b"]) { obedient()($0) }
        let (started, signal) = AsyncStream.makeStream(of: Void.self)
        let observer = Conductor.Observer(
            committed: { _, machine in
                if machine.liveTokens.count == 1, machine.stages[1].callsRunning == 1 { signal.yield() }
            },
            unitsDone: { _, _ in })
        let conductor = Conductor(
            machine: try await submit(plan), store: database, executor: stuck, slots: 1, observer: observer
        ) { 1 }
        async let paused = conductor.run(opening: [])
        for await _ in started { break }
        conductor.send(.stop)
        #expect(try await paused.status == .pending)

        let second = ScriptedExecutor { obedient()($0) }
        let next = Conductor(machine: try await replayed(plan), store: database, executor: second, slots: 1) { 2 }
        #expect(try await next.run(opening: [.resumed(at: 2)]).status == .succeeded)
        #expect(second.orders.map(\.task) == ["b"])
        #expect(second.orders.map(\.attempt) == [2])
    }

    @Test("another process cancels through the store")
    func cancel() async throws {
        let executor = ScriptedExecutor(endless: ["a"]) { obedient()($0) }
        let conductor = Conductor(
            machine: try await submit(plan([stage("a")])), store: database, executor: executor, slots: 1
        ) { 1 }
        try await database.request(.cancel, job: "j")
        #expect(try await conductor.run(opening: []).status == .cancelled)
    }

    @Test("what ran when the engine died is handed out again under its own attempt, marked as recovered")
    func recovery() async throws {
        let plan = plan([stage("a")])
        var machine = try await submit(plan)
        let started = Fact.attemptStarted(task: 0, attempt: 1, token: "t", at: 1)
        machine.apply(started)
        try await database.commit(FactBatch(job: "j", facts: [started], summary: nil))
        let executor = ScriptedExecutor { $0.recovered ? .failed(Failure(.lost, "gone")) : obedient()($0) }
        let conductor = Conductor(machine: try await replayed(plan), store: database, executor: executor, slots: 1) {
            2
        }
        #expect(try await conductor.run(opening: [.resumed(at: 2)]).status == .succeeded)
        #expect(executor.orders.map(\.attempt) == [1, 2])
        #expect(executor.orders.map(\.recovered) == [true, false])
    }
}
