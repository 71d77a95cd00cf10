import Foundation
import GRDB
import ImflowEngine
import ImflowExecution
import ImflowPlan
import ImflowStore
import Testing

/// Journals that earlier versions wrote, as SQL (`Fixtures/journal-N.sql`), are resumed by this one.
@Suite("Journals of earlier versions")
struct JournalFixtureTests {
    private static let fixtures: [String] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".sql") }.sorted().map { "\(folder)/\($0)" }
    }()

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func database(_ script: String) async throws -> JobDatabase {
        let path = folder.path + "/imflow.db"
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try await queue.writeWithoutTransaction { try $0.execute(sql: script) }
        try queue.close()
        return try JobDatabase(path: path)
    }

    private func machine(_ database: JobDatabase) async throws -> JobMachine {
        let row = try #require(try await database.jobs().first)
        func plan(_ payload: Payload) throws -> Plan {
            try JSONDecoder().decode(Plan.self, from: Data(try #require(payload.inline).utf8))
        }
        var machine = JobMachine(job: row.id, plan: try plan(row.plan))
        for fact in try await database.facts(of: row.id) {
            if case .replanned(let replan) = fact { machine.plans[replan.plan.hash] = try plan(replan.plan) }
            machine.apply(fact)
        }
        return machine
    }

    /// Resumes to the end; answers the names of the tasks that ran.
    private func resume(_ machine: JobMachine, in database: JobDatabase) async throws -> (JobMachine, [String]) {
        try await database.acquireLease(job: machine.job)
        let executor = ScriptedExecutor { obedient(shards: 4)($0) }
        let conductor = Conductor(machine: machine, store: database, executor: executor, slots: 2) { 1 << 41 }
        let final = try await conductor.run(opening: JobMachine.opening(lost: [], at: 1 << 41))
        return (final, executor.orders.map(\.task))
    }

    @Test("there is one of this version") func present() { #expect(!Self.fixtures.isEmpty) }

    @Test("a kept journal is folded and resumed to its end; what it has committed does not run again", arguments: fixtures)
    func resumes(path: String) async throws {
        let database = try await database(String(contentsOfFile: path, encoding: .utf8))
        let before = try await machine(database)
        #expect(before.status == .running)
        // What a new plan dropped belongs to no stage.
        let kept = before.tasks.indices.filter { before.tasks[$0].status == .succeeded && before.tasks[$0].stage != nil }
        let committed = Set(kept.map { before.name(of: $0) })
        #expect(committed == ["part~split", "part~00", "part~01", "part~02"])
        let (final, ran) = try await resume(before, in: database)
        #expect(final.status == .succeeded)
        #expect(ran.sorted() == ["part~03", "part~merge", "total"])
        #expect(try await machine(database).summary == final.summary)
    }

    @Test("the first journal says what happened: a retry, a hole, another plan")
    func tells() async throws {
        let path = try #require(Self.fixtures.first { $0.hasSuffix("/journal-1.sql") })
        let facts = try await database(String(contentsOfFile: path, encoding: .utf8)).facts(of: "kept")
        var failures: [Cause] = []
        var partial = 0
        var replanned = 0
        for fact in facts {
            switch fact {
            case .attemptFailed(_, _, let failure, _, _): failures.append(failure.cause)
            case .finished(_, .partial, _): partial += 1
            case .replanned: replanned += 1
            default: break
            }
        }
        #expect(failures == [.app, .app, .app])
        #expect(partial == 1)
        #expect(replanned == 1)
    }

    /// The tables of the first version: a fact a row, as JSON text.
    private static let firstSchema = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1');
        CREATE TABLE job (
            id TEXT PRIMARY KEY NOT NULL, status TEXT NOT NULL, submitted_at INTEGER NOT NULL,
            completed_at INTEGER, plan TEXT NOT NULL, launch TEXT NOT NULL, summary TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX job_submitted ON job (submitted_at);
        CREATE TABLE fact (
            job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
            body TEXT NOT NULL, PRIMARY KEY (job, sequence)
        ) WITHOUT ROWID;
        CREATE TABLE receipt (
            job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
            task TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (job, sequence)
        ) WITHOUT ROWID;
        CREATE TABLE lease (
            job TEXT PRIMARY KEY NOT NULL REFERENCES job (id) ON DELETE CASCADE, holder TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE request (
            id INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, kind TEXT NOT NULL
        );
        CREATE INDEX request_job ON request (job);

        """

    @Test("a database of the first version, stopped after any commit, is migrated and resumed to the same end", arguments: 1...20)
    func firstVersion(count: Int) async throws {
        let plan = plan([stage("a", split: true), stage("b", needs: [0])])
        var world = SimulatedWorld(plan)
        world.run { $0.attempt == 1 ? .failed(Failure(.infra, "gone")) : obedient(shards: 4)($0) }
        #expect(world.facts.count > 20)
        // An expansion is one commit.
        if case .shardPlanned = world.facts[count] { return }
        let database = try await database(Self.firstScript(plan, Array(world.facts.prefix(count))))
        let before = try await machine(database)
        let line = try #require(try await database.lines(limit: 10).first)
        #expect(line.succeeded == before.summary.succeeded)
        var rest = SimulatedWorld(plan)
        rest.machine = before
        rest.facts = Array(world.facts.prefix(count))
        rest.now = world.now
        rest.apply(.resumed(at: rest.now))
        rest.open = rest.machine.recoveredOrders
        rest.run(obedient(shards: 4))
        #expect(rest.machine.status == .succeeded)
        #expect(rest.machine.output?.hash == world.machine.output?.hash)
        try await database.commit(
            FactBatch(job: "j", facts: Array(rest.facts.dropFirst(count)), summary: rest.machine.summary))
        #expect(try await machine(database).summary == rest.machine.summary)
    }

    private static func firstScript(_ plan: Plan, _ facts: [Fact]) throws -> String {
        func json(_ value: some Encodable) throws -> String {
            String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        }
        func literal(_ text: String) -> String { "'" + text.replacingOccurrences(of: "'", with: "''") + "'" }
        var machine = JobMachine(job: "j", plan: plan)
        for fact in facts { machine.apply(fact) }
        let row = try [
            "j", machine.summary.status.rawValue, "1", json(payload(json(plan))), "{}", json(machine.summary),
        ].map(literal).joined(separator: ", ")
        var script = firstSchema + "INSERT INTO job (id, status, submitted_at, plan, launch, summary) VALUES (\(row));\n"
        for (index, fact) in facts.enumerated() {
            script += "INSERT INTO fact VALUES ('j', \(index + 1), \(literal(try json(fact))));\n"
        }
        return script
    }
}
