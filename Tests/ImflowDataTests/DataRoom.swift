import FoundationEssentials
import Glibc
import ImflowContent
import ImflowData
import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan
import Testing

/// A content store with all that reads and writes it, in a folder that goes when the test ends.
final class DataRoom: Sendable {
    let path: String
    let content: ContentStore
    let fetcher: Fetcher
    let staging: DataStaging
    let executor: DataExecutor
    static let node = "0x" + String(repeating: "ab", count: 20)

    init() throws {
        var template = Array("/tmp/imflow-data-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        content = try ContentStore(folder: path + "/cas")
        fetcher = Fetcher(content: content, client: HTTPClient(), access: FetchAccess(allowed: .all))
        staging = DataStaging(content: content, fetcher: fetcher)
        executor = DataExecutor(content: content, fetcher: fetcher, staging: staging, node: Self.node)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func folder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        return path + "/" + name
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }

    func stored(_ text: String, as name: String) throws -> String {
        ContentReference(hash: try content.put(Array(text.utf8)), name: name).text
    }

    func text(of reference: JSONValue?) throws -> String {
        let reference = try #require(reference?.stringValue.flatMap { ContentReference($0) })
        return String(decoding: try content.read(reference.hash, limit: 1 << 24), as: UTF8.self)
    }

    /// The bound input less the split key, and each shard's units.
    func split(
        _ input: JSONObject, _ plan: SplitPlan, schema: JSONValue? = nil
    ) async throws -> (shared: JSONValue, shards: [[Unit]]) {
        let outcome = try await Splitter(content: content, fetcher: fetcher)
            .split(input, by: plan, inputSchema: schema, consumer: "stage `s`")
        guard case .expanded(let shared, let count, let payloads) = outcome else {
            Issue.record("a split expands, but this one came to \(outcome)")
            return (.null, [])
        }
        let shards = try payloads.map { payload in
            try #require(try content.value(of: payload).arrayValue).map { try #require(Unit($0)) }
        }
        #expect(shards.joined().count == count)
        #expect(shards.joined().map(\.index) == Array(0..<count))
        return (try content.value(of: shared), shards)
    }

    /// Parts as an engine hands them to a merge; a shard with a unit whose result is nil is a hole.
    func parts(_ shards: [[Unit]], _ result: (Unit) -> JSONValue?) throws -> [MergePart] {
        try shards.enumerated().map { index, units in
            let results = units.map(result)
            let isHole = results.contains { $0 == nil }
            return MergePart(
                shardIndex: index, units: try content.payload(.array(units.map(\.json))),
                output: isHole ? nil : try content.payload(.array(results.compactMap { $0 })))
        }
    }

    func merge(_ merge: MergePlan, _ parts: [MergePart], split: SplitPlan = SplitPlan(mode: .batch)) throws -> JSONValue
    {
        try content.value(
            of: try Merger(content: content)
                .merge(MergeWork(merge: merge, split: split, parts: parts), consumer: "task `s-merge`"))
    }

    /// Merges one result a unit, two units a shard.
    func merge(_ strategy: MergePlan, of results: [JSONValue?], split: SplitPlan = SplitPlan(mode: .batch)) throws
        -> JSONValue
    {
        let units = results.indices.map { Unit(geometry: ["index": .int(Int64($0))], set: [:]) }
        let shards = stride(from: 0, to: units.count, by: 2).map { Array(units[$0..<min($0 + 2, units.count)]) }
        return try merge(strategy, try parts(shards) { results[$0.index] }, split: split)
    }

    func order(_ work: Work, task: String = "s", timeout: TimeSpan? = nil) -> WorkOrder {
        WorkOrder(job: "bd92-e3f1", task: task, stage: "s", attempt: 1, token: "t", timeout: timeout, work: work)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed draws the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The failure that `body` ends with.
func failure(_ body: () async throws -> Void) async -> Failure? {
    do {
        try await body()
        Issue.record("a failure was expected")
        return nil
    } catch let failure as Failure {
        return failure
    } catch {
        Issue.record("a Failure was expected, not \(error)")
        return nil
    }
}
