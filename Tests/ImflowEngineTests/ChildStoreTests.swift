import Foundation
import ImflowEngine
import ImflowExecution
import ImflowPlan
import ImflowStore
import Testing

@Suite("Children in the store")
struct ChildStoreTests {
    private final class Folder: Sendable {
        let path = FileManager.default.temporaryDirectory.path + "/imflow-children-\(UUID().uuidString)"

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private let folder: Folder
    private let database: JobDatabase

    init() throws {
        folder = try Folder()
        database = try JobDatabase(path: folder.path + "/imflow.db")
    }

    private func insert(_ job: String, at time: Int64, _ origin: ChildOrigin? = nil) async throws {
        guard let hash = ContentHash(hex: String(repeating: "0", count: 64)) else { return }
        let payload = Payload(hash: hash, size: 2, inline: "{}")
        let plan = Plan(models: [:], stages: [], input: .object([:]), inputFiles: [], outputs: [])
        let submitted = Fact.submitted(at: time, input: payload)
        var machine = JobMachine(job: job, plan: plan)
        machine.apply(submitted)
        try await database.insert(
            job: job, plan: payload, launch: "{}", submitted: submitted, summary: machine.summary, origin: origin)
    }

    private func origin(_ parent: String, unit: Int = 0, key: String = "k", body: String = "b") -> ChildOrigin {
        ChildOrigin(
            root: "top", parent: parent, task: "agent", unit: unit, key: key, bodyHash: body, depth: 1, priority: 2)
    }

    @Test("a child is found by where it came from, and not by less")
    func found() async throws {
        try await insert("top", at: 1)
        try await insert("one", at: 2, origin("top"))
        try await insert("two", at: 3, origin("one"))
        #expect(try await database.child(origin("top")) == "one")
        for other in [origin("top", unit: 1), origin("top", key: "l"), origin("top", body: "c"), origin("two")] {
            #expect(try await database.child(other) == nil)
        }
        #expect(try await database.origin(ofChild: "one") == origin("top"))
        #expect(try await database.origin(ofChild: "top") == nil)
        #expect(try await database.children(of: "top").map(\.id) == ["one"])
        #expect(try await database.descendants(of: "top").sorted() == ["one", "two"])
        #expect(try await database.roots() == ["one": "top", "two": "top"])
    }

    @Test("the same origin twice is refused, and then nothing of the second job is there")
    func unique() async throws {
        try await insert("top", at: 1)
        try await insert("one", at: 2, origin("top"))
        await #expect(throws: StoreError.self) { try await insert("again", at: 3, origin("top")) }
        #expect(try await database.jobs(withPrefix: "again").isEmpty)
    }

    @Test("lists and the latest job are of those that users submitted; a child that is forgotten leaves no origin")
    func lists() async throws {
        try await insert("top", at: 1)
        try await insert("one", at: 2, origin("top"))
        #expect(try await database.latestRoot() == "top")
        #expect(try await database.lines(limit: 10).map(\.id) == ["top"])
        try await database.delete(job: "one")
        #expect(try await database.origin(ofChild: "one") == nil)
    }
}
