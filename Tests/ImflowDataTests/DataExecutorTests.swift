import Glibc
import ImflowContent
import ImflowData
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@Suite struct DataExecutorTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    private func run(_ work: Work, timeout: TimeSpan? = nil) async -> AttemptReport {
        await room.executor.run(room.order(work, timeout: timeout)) { _ in }
    }

    private func context(_ input: JSONValue, when: Condition? = nil, literal: JSONValue = [:]) throws -> InputContext {
        InputContext(
            sources: [], jobInput: try room.content.payload(input), key: nil, soleValueFallback: false,
            literal: literal,
            when: when)
    }

    private func value(_ report: AttemptReport) throws -> JSONValue? {
        guard case .succeeded(let payload) = report.outcome else {
            Issue.record("\(report.outcome)")
            return nil
        }
        return try room.content.value(of: payload)
    }

    private func failure(_ report: AttemptReport) -> Failure? {
        guard case .failed(let failure) = report.outcome else {
            Issue.record("a failure was expected, not \(report.outcome)")
            return nil
        }
        return failure
    }

    @Test func filesAreFetchedIntoTheInput() async throws {
        let url = "file://" + (try room.write("words", to: "a.wav"))
        let input: JSONValue = ["audio_url": .string(url), "list": [["x": "data:,y"]], "n": 1]
        let report = await run(.fetch(FetchWork(input: input, pointers: ["/audio_url", "/list/0/x"])))
        let fetched = try #require(try value(report))
        #expect(try room.text(of: fetched["audio_url"]) == "words")
        #expect(try room.text(of: fetched["list"]?.arrayValue?.first?["x"]) == "y")
        #expect(fetched["n"] == 1)
        #expect(report.inputHash == ContentHash(canonical: input))
        #expect((report.job, report.task, report.attempt, report.token) == ("bd92-e3f1", "s", 1, "t"))
        #expect(report.node == DataRoom.node)
        #expect(report.startedAt > 1_600_000_000_000 && report.finishedAt >= report.startedAt)
        #expect(report.latencyMilliseconds > 0)
    }

    @Test func fetchingNothingIsTheInput() async throws {
        #expect(try value(await run(.fetch(FetchWork(input: ["a": 1], pointers: [])))) == ["a": 1])
    }

    @Test func whatCannotBeFetchedIsSaid() async throws {
        let missing = await run(.fetch(FetchWork(input: ["a_url": "file:///nonexistent"], pointers: ["/a_url"])))
        #expect(failure(missing)?.cause == .app)
        let nowhere = await run(.fetch(FetchWork(input: ["a": 1], pointers: ["/a"])))
        #expect(failure(nowhere)?.cause == .infra)
        #expect(failure(nowhere)?.message.contains("`/a`") == true)
    }

    @Test func splitsExpand() async throws {
        let split = SplitPlan(mode: .batch, batchSize: 2, shardLimit: 2)
        let context = try context(["items": [1, 2, 3, 4, 5], "k": "v"])
        let report = await run(.split(SplitWork(context: context, split: split, inputSchema: nil)))
        guard case .expanded(let shared, 3, let shards) = report.outcome else {
            Issue.record("\(report.outcome)")
            return
        }
        #expect(try room.content.value(of: shared) == ["k": "v"])
        #expect(shards.count == 2)
        #expect(report.inputHash == ContentHash(canonical: ["items": [1, 2, 3, 4, 5], "k": "v"]))
    }

    @Test func noUnitsExpandToNothing() async throws {
        let work = SplitWork(context: try context(["items": []]), split: SplitPlan(mode: .batch), inputSchema: nil)
        let report = await run(.split(work))
        #expect(report.outcome == .expanded(shared: try room.content.payload([:]), unitCount: 0, shards: []))
    }

    @Test func aFalseConditionSkips() async throws {
        let context = try context(["items": [1]], when: .truthy(path: ["go"]))
        for work in [
            .split(SplitWork(context: context, split: SplitPlan(mode: .batch), inputSchema: nil)), .pass(context),
        ] as [Work] {
            let report = await run(work)
            guard case .skipped = report.outcome else {
                Issue.record("\(report.outcome)")
                return
            }
            #expect(report.inputHash == nil)
        }
    }

    @Test func theBoundInputIsHandedOn() async throws {
        let report = await run(.pass(try context(["a": 1], literal: ["b": 2])))
        #expect(try value(report) == ["a": 1, "b": 2])
        guard case .succeeded(let payload) = report.outcome else { return }
        #expect(report.inputHash == payload.hash)
    }

    /// From their texts, and as a binding of them would be.
    @Test func namedResultsAreGathered() async throws {
        let long = JSONValue.string(String(repeating: "é\"", count: 200_000))
        let results: [(String, JSONValue)] = [
            ("z", [1, [2, long]]), ("é", "text"), ("a", ["a": [long], "b": 2]), ("b", ["a": 1]), ("n", nil), ("z", 0),
        ]
        let context = InputContext(
            sources: try results.map {
                InputContext.Source(stage: $0.0, outputKey: $0.0, result: try room.content.payload($0.1))
            }, jobInput: nil, key: nil, soleValueFallback: false, literal: [:], when: nil)
        let report = await run(.pass(context))
        let expected: JSONValue = ["z": [1, [2, long]], "é": "text", "a": [long], "b": ["a": 1], "n": nil]
        let bound = try #require(try Binder(content: room.content).bind(context, consumer: "stage `s`"))
        guard case .succeeded(let payload) = report.outcome else {
            Issue.record("\(report.outcome)")
            return
        }
        #expect(payload.hash == ContentHash(canonical: expected))
        #expect(payload.hash == ContentHash(canonical: .object(bound)))
        #expect(report.inputHash == payload.hash)
    }

    @Test func resultsThatAreTooDeepAreNotGathered() async throws {
        var deep: JSONValue = 0
        for _ in 0..<JSONReader.maximumDepth { deep = [deep] }
        let context = InputContext(
            sources: [InputContext.Source(stage: "d", outputKey: "d", result: try room.content.payload(deep))],
            jobInput: nil, key: nil, soleValueFallback: false, literal: [:], when: nil)
        let error = failure(await run(.pass(context)))
        #expect(error?.cause == .app)
        #expect(error?.message.contains("too deeply") == true)
    }

    @Test func partsAreMerged() async throws {
        let units = (0..<4).map { Unit(geometry: ["index": .int($0)], set: [:]) }
        let parts = try room.parts([Array(units[..<2]), Array(units[2...])]) { [.int(Int64($0.index))] }
        let report = await run(.merge(MergeWork(merge: MergePlan(), split: SplitPlan(mode: .batch), parts: parts)))
        #expect(try value(report) == [0, 1, 2, 3])
        #expect(report.inputHash != nil)
    }

    @Test func aDamagedPartIsNamedWithItsTask() async throws {
        let units = [Unit(geometry: ["index": 0], set: [:])]
        var parts = try room.parts([units]) { _ in .string(String(repeating: "x", count: 20_000)) }
        let hash = try #require(parts[0].output?.hash)
        chmod(room.content.path(of: hash), 0o600)
        #expect(truncate(room.content.path(of: hash), 100) == 0)
        let work = MergeWork(merge: MergePlan(), split: SplitPlan(mode: .batch), parts: parts)
        let error = failure(await run(.merge(work)))
        #expect(error?.cause == .infra)
        #expect(error?.message.contains(hash.description) == true)
        #expect(error?.message.contains("task `s`") == true)
        parts[0].output = nil
        #expect(try value(await run(.merge(MergeWork(merge: work.merge, split: work.split, parts: parts)))) == [])
    }

    @Test func modelsAreNotCalledHere() async throws {
        let call = CallWork(model: ModelPlan(name: "m", folder: "/"), input: .whole(try context([:])))
        let error = failure(await run(.call(call)))
        #expect(error?.cause == .infra)
        #expect(error?.message.contains("`m`") == true)
    }

    @Test func aTimeoutEndsAFetchThatNeverAnswers() async throws {
        let server = try SilentServer()
        let work = FetchWork(input: ["a_url": .string(server.url)], pointers: ["/a_url"])
        let error = failure(await run(.fetch(work), timeout: TimeSpan(milliseconds: 80)))
        #expect(error?.cause == .timeout)
        #expect(error?.message.contains("0.08 s") == true)
    }

    @Test func cancellingEndsAFetchThatNeverAnswers() async throws {
        let server = try SilentServer()
        let work = FetchWork(input: ["a_url": .string(server.url)], pointers: ["/a_url"])
        let running = Task { await run(.fetch(work), timeout: TimeSpan(seconds: 600)) }
        await server.connected()
        running.cancel()
        #expect(failure(await running.value)?.cause == .cancelled)
    }

    @Test func cancelledBeforeItStartedIsCancelled() async throws {
        let context = try context(["a": 1])
        let running = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await run(.pass(context))
        }
        #expect(failure(await running.value)?.cause == .cancelled)
    }

    @Test func manyOrdersRunAtOnce() async throws {
        let context = try context(["items": .array((0..<500).map { .int($0) })])
        let split = SplitPlan(mode: .batch, shardLimit: 8)
        let outcomes = await withTaskGroup(of: Outcome.self) { group in
            for _ in 0..<64 {
                group.addTask { await run(.split(SplitWork(context: context, split: split, inputSchema: nil))).outcome }
            }
            return await group.reduce(into: [Outcome]()) { $0.append($1) }
        }
        #expect(outcomes.count == 64)
        #expect(outcomes.allSatisfy { $0 == outcomes[0] })
    }
}

/// Takes connections on the loopback interface and says nothing.
private final class SilentServer: Sendable {
    private let descriptor: Int32
    let url: String

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(isBound)
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/page.png"
    }

    /// Returns when somebody has connected and asked.
    func connected() async {
        let descriptor = descriptor
        await withCheckedContinuation { continuation in
            let thread = Unmanaged.passRetained(
                Waiter {
                    let connection = accept(descriptor, nil, nil)
                    var byte: UInt8 = 0
                    recv(connection, &byte, 1, Int32(MSG_PEEK))
                    continuation.resume()
                })
            var id = pthread_t()
            pthread_create(
                &id, nil,
                { context in
                    if let context { Unmanaged<Waiter>.fromOpaque(context).takeRetainedValue().body() }
                    return nil
                }, thread.toOpaque())
            pthread_detach(id)
        }
    }

    deinit { close(descriptor) }

    private final class Waiter: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
