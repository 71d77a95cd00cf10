import Glibc
import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Synchronization

/// An executor over a fixture, and short words for what the cases do with it.
final class CallBench: Sendable {
    let fixture: any ConformanceFixture
    let executor: CallExecutor
    /// Unique, so that what is left of it can be found.
    let job = "conformance-" + String(UInt64.random(in: .min ... .max), radix: 16)
    /// Between two looks at what is to come.
    private static let interval = Duration.milliseconds(25)

    private let attempts = Mutex<[WorkOrder]>([])
    private let ended = Mutex<[AttemptReport]>([])

    /// - Parameter startWindow: how long a `rest` instance may take to become ready; nil: the fixture's patience.
    init(fixture: any ConformanceFixture, startWindow: TimeSpan? = nil) {
        self.fixture = fixture
        let host = fixture.host
        executor = CallExecutor(
            state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in host }, instanceLimit: 2,
            hosts: [host], startWindow: startWindow ?? fixture.patience)
    }

    func model(
        _ language: ModelProgram.Language, _ source: String, callProtocol: CallProtocol = .exec, concurrency: Int = 1,
        environment: [String: String] = [:]
    ) async throws -> ModelPlan {
        try await fixture.model(
            running: ModelProgram(
                language, source, callProtocol: callProtocol, concurrency: concurrency, environment: environment))
    }

    /// An order for one call with `input`.
    func whole(
        _ model: ModelPlan, _ input: JSONObject = [:], when condition: Condition? = nil, attempt: Int = 1,
        timeout: TimeSpan? = nil
    ) throws -> WorkOrder {
        let context = InputContext(
            sources: [], jobInput: try fixture.content.payload(.object(input)), key: nil, soleValueFallback: false,
            literal: [:], when: condition)
        return order(CallWork(model: model, input: .whole(context)), attempt: attempt, timeout: timeout)
    }

    /// An order for a shard with a unit for each member of `units`, which are laid over `shared`.
    func shard(
        _ model: ModelPlan, shared: JSONObject = [:], units: [JSONObject], index: Int = 3, of count: Int = 7,
        attempt: Int = 1, timeout: TimeSpan? = nil
    ) throws -> WorkOrder {
        let list = units.enumerated().map { position, members in
            Unit(geometry: ["index": .int(Int64(position + 40))], set: members).json
        }
        let input = CallWork.Input.shard(
            shared: try fixture.content.payload(.object(shared)), units: try fixture.content.payload(.array(list)))
        let work = CallWork(model: model, input: input, shardIndex: index, shardCount: count)
        return order(work, attempt: attempt, timeout: timeout)
    }

    private func order(_ work: CallWork, attempt: Int, timeout: TimeSpan?) -> WorkOrder {
        let token = String(UInt64.random(in: .min ... .max), radix: 16)
        let order = WorkOrder(
            job: job, task: "words-03", stage: "words", attempt: attempt, token: token, timeout: timeout,
            work: .call(work))
        attempts.withLock { $0.append(order) }
        return order
    }

    func run(_ order: WorkOrder, progress: @escaping UnitProgress = { _ in }) async -> AttemptReport {
        let report = await executor.run(order, progress: progress)
        ended.withLock { $0.append(report) }
        return report
    }

    /// Runs the order, which must succeed.
    func result(of order: WorkOrder, progress: @escaping UnitProgress = { _ in }) async throws -> JSONValue {
        try value(of: await run(order, progress: progress))
    }

    func value(of report: AttemptReport) throws -> JSONValue {
        guard case .succeeded(let payload) = report.outcome else {
            throw ConformanceViolation("it should have succeeded, but: \(report.outcome)")
        }
        return try fixture.content.value(of: payload)
    }

    /// Runs the order, which must fail with `cause` and a message that has all `parts`.
    @discardableResult
    func failure(of order: WorkOrder, _ cause: Cause, naming parts: String...) async throws -> Failure {
        let report = await run(order)
        guard case .failed(let failure) = report.outcome else {
            throw ConformanceViolation("it should have failed with \(cause), but: \(report.outcome)")
        }
        try expect(failure.cause == cause, "the cause should be \(cause): \(failure)")
        for part in parts {
            try expect(failure.message.contains(part), "the message should have “\(part)”: \(failure)")
        }
        return failure
    }

    /// Runs the order and cancels it as soon as a log of the job has `word`.
    func cancelling(_ order: WorkOrder, whenLogged word: String) async throws -> AttemptReport {
        let run = Task { await self.run(order) }
        try await waitUntilLogged(word, by: [order])
        run.cancel()
        return await run.value
    }

    /// Waits until the logs of the job have `word` so many times, which the running orders are to write.
    func waitUntilLogged(_ word: String, times: Int = 1, by orders: [WorkOrder]) async throws {
        try await wait(for: word, by: orders) { self.logs().joined().ranges(of: word).count >= times }
    }

    /// Waits until so many instances have `word` in their logs, which are to write it for the running order.
    func waitUntilLogged(_ word: String, byInstances count: Int, for order: WorkOrder) async throws {
        try await wait(for: word, by: [order]) {
            self.logs { $0.hasPrefix("instance-") }.count { $0.contains(word) } >= count
        }
    }

    private func wait(for word: String, by orders: [WorkOrder], until isThere: () -> Bool) async throws {
        var over: AttemptReport?
        while !isThere() {
            // It was over before the logs were read.
            if let over { throw ConformanceViolation("it ended before it logged “\(word)”: \(over.outcome)") }
            over = ended.withLock { $0 }.first { report in orders.contains { $0.token == report.token } }
            if over == nil { try await Task.sleep(for: Self.interval) }
        }
    }

    func waitUntilNothingRuns() async throws {
        while try await !fixture.leftovers(of: job).isEmpty { try await Task.sleep(for: Self.interval) }
    }

    /// The job's logs.
    private func logs(where isWanted: (_ name: String) -> Bool = { _ in true }) -> [String] {
        let path = fixture.state.logs(job: job)
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var texts: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".log"), isWanted(name) { texts.append(Self.contents(of: path + "/" + name)) }
        }
        return texts
    }

    func log(of order: WorkOrder) -> String {
        Self.contents(of: fixture.state.log(job: order.job, task: order.task, attempt: order.attempt))
    }

    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let most = 1 << 20
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, most))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How long `body` took.
    func time(_ body: () async throws -> Void) async rethrows -> TimeSpan {
        let duration = try await ContinuousClock().measure(body)
        return TimeSpan(seconds: duration / .seconds(1))
    }

    func checkNothingIsLeft() async throws {
        let left = try await fixture.leftovers(of: job)
        try expect(left.isEmpty, "something is left of the job:\n" + left.joined(separator: "\n"))
        for order in attempts.withLock({ $0 }) {
            let folder = fixture.state.attemptFolder(job: order.job, task: order.task, attempt: order.attempt)
            try expect(access(folder, F_OK) != 0, "the attempt's folder is still there: \(folder)")
        }
        // As an engine does when a job is over.
        await executor.sweep(job: job, keeping: [])
        let folder = fixture.state.work(job: job)
        try expect(access(folder, F_OK) != 0, "the job's work folder is still there: \(folder)")
        let remains = try await fixture.remains()
        try expect(remains.isEmpty, "something of the host is left:\n" + remains.joined(separator: "\n"))
    }
}

/// Throws ``ConformanceViolation`` unless `condition` holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw ConformanceViolation(message()) }
}
