import FoundationEssentials
import Glibc
import GRDB
import ImflowEngine
import ImflowExecution
import ImflowPlan
import ImflowStore
import Testing

/// A folder that is gone when the test is.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/imflow-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(.infra, "no temporary folder") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("Job database")
struct JobDatabaseTests {
    private let folder: TemporaryFolder
    private let database: JobDatabase

    init() throws {
        folder = try TemporaryFolder()
        database = try JobDatabase(path: folder.path + "/imflow.db")
    }

    private func insert(_ job: String) async throws -> JobMachine {
        let submitted = Fact.submitted(at: 1, input: payload("{}"))
        var machine = JobMachine(job: job, plan: plan([stage("a")]))
        machine.apply(submitted)
        try await database.insert(
            job: job, plan: payload("{}"), launch: "{}", submitted: submitted, summary: machine.summary)
        return machine
    }

    @Test("facts and the summary come back as they were committed")
    func roundTrip() async throws {
        var world = SimulatedWorld(plan([stage("a", split: true), stage("b", needs: [0])]))
        world.run { $0.attempt == 1 ? .failed(Failure(.infra, "gone")) : obedient()($0) }
        _ = try await insert("j")
        let facts = Array(world.facts.dropFirst())
        let receipts = facts.compactMap { world.machine.receipt(of: $0) }
        try await database.commit(
            FactBatch(job: "j", facts: facts, summary: world.machine.summary))
        #expect(try await database.facts(of: "j") == [.submitted(at: 1, input: payload("{}"))] + facts)
        let line = try #require(try await database.lines(limit: 10).first)
        #expect([line.totalShards, line.succeeded, line.failed] == [4, 4, 0])
        #expect(try await database.jobs(withPrefix: "j").first?.summary == world.machine.summary)
        #expect(receipts.contains { $0.jobID == "j-a-02" && $0.shardIndex == 2 && $0.cause == .infra })
    }

    @Test("a journal that breaks off in an expansion is cut before it: the split runs again, and nothing waits for ever")
    func brokenExpansion() async throws {
        var world = SimulatedWorld(plan([stage("a", split: true)]))
        world.step()
        world.answer(0, obedient(shards: 5_000)(world.open[0]))
        _ = try await insert("j")
        try await database.commit(FactBatch(job: "j", facts: [world.facts[1]], summary: nil))
        try await database.commit(FactBatch(job: "j", facts: Array(world.facts[2...]), summary: nil))
        let path = folder.path + "/imflow.db"
        #expect(try DatabaseInspection(path: path).brokenRows().isEmpty)
        try await DatabaseQueue(path: path).write {
            try $0.execute(sql: "UPDATE fact SET body = x'01' WHERE sequence = (SELECT MAX(sequence) FROM fact)")
        }
        let row = try #require(try DatabaseInspection(path: path).brokenRows().first)
        try DatabaseInspection(path: path).cut(row)
        #expect(try await database.facts(of: "j").count == 2)
        #expect(try DatabaseInspection(path: path).brokenRows().isEmpty)
    }

    @Test("every commit is a full sync: the database runs with synchronous=FULL in WAL mode")
    func durability() async throws {
        var configuration = Configuration()
        configuration.readonly = true
        let other = try DatabaseQueue(path: folder.path + "/imflow.db", configuration: configuration)
        #expect(try await other.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        #expect(try await database.synchronousLevel() == 2)
    }

    @Test("an id is taken once")
    func taken() async throws {
        _ = try await insert("bd92-e3f1")
        await #expect(throws: StoreError.self) { _ = try await insert("bd92-e3f1") }
        #expect(try await database.jobs(withPrefix: "bd92").map(\.id) == ["bd92-e3f1"])
    }

    @Test("a lease of a living process is respected, of a dead one taken over")
    func leases() async throws {
        _ = try await insert("j")
        try await database.acquireLease(job: "j")
        #expect(try await database.leaseHolder(job: "j") == LeaseHolder.current)
        // Process 1 lives, and is not this one.
        let pool = try DatabaseQueue(path: folder.path + "/imflow.db")
        try await pool.write { [holder = try holder(of: 1)] in
            try $0.execute(sql: "UPDATE lease SET holder = ?", arguments: [holder])
        }
        let error = await #expect(throws: StoreError.self) { try await database.acquireLease(job: "j") }
        #expect(error?.message.contains("process 1") == true)
        try await pool.write {
            try $0.execute(sql: "UPDATE lease SET holder = replace(holder, '\"pid\":1,', '\"pid\":2147483,')")
        }
        try await database.acquireLease(job: "j")
        #expect(try await database.leaseHolder(job: "j") == LeaseHolder.current)
    }

    private func holder(of pid: Int) throws -> String {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let ticks = stat.split(separator: ")").last?.split(separator: " ")[19] ?? "0"
        let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8).prefix(36)
        return "{\"boot\":\"\(boot)\",\"pid\":\(pid),\"startTicks\":\(ticks)}"
    }

    @Test("a request is taken once")
    func requests() async throws {
        _ = try await insert("j")
        try await database.request(.cancel, job: "j")
        #expect(try await database.takeRequests(job: "j") == [.cancel])
        #expect(try await database.takeRequests(job: "j") == [])
    }

    @Test("a file that is no database is refused with its path and a way out")
    func corrupt() throws {
        let path = folder.path + "/other.db"
        try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
        let error = #expect(throws: StoreError.self) { try JobDatabase(path: path) }
        #expect(error?.kind == .corrupt)
        #expect(error?.message.contains(path) == true)
        #expect(error?.message.contains("--state") == true)
    }

    @Test("deleting a job deletes all that is known of it")
    func delete() async throws {
        _ = try await insert("j")
        try await database.delete(job: "j")
        #expect(try await database.jobs().isEmpty)
        #expect(try await database.facts(of: "j").isEmpty)
    }
}
