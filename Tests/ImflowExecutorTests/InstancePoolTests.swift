import Foundation
import Glibc
import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowInvocation
import ImflowPlan
import ImflowTestKit
import Synchronization
import Testing

@Suite struct InstancePoolTests {
    private let job = "pool-" + String(UInt64.random(in: .min ... .max), radix: 16)

    /// A model that listens on its declared port only, whatever it is told, runs once and serves everybody.
    @Test func aModelThatCannotRunTwiceIsSharedByAll() async throws {
        let fixture = try ProcessFixture()
        let port = Int.random(in: 20000..<30000)
        let source = """
            import http.server, os
            class Handler(http.server.BaseHTTPRequestHandler):
                def log_message(self, *arguments): pass
                def do_GET(self): self.reply(b"{}")
                def do_POST(self):
                    self.rfile.read(int(self.headers["Content-Length"]))
                    self.reply(b'{"result": %d}' % os.getpid())
                def reply(self, body):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
            http.server.HTTPServer(("127.0.0.1", \(port)), Handler).serve_forever()
            """
        var model = try await fixture.model(running: ModelProgram(.python, source, callProtocol: .rest))
        model.port = port
        let executor = executor(on: fixture)
        let orders = try (1...6).map { try order(model, attempt: $0, fixture) }
        let served = try await withThrowingTaskGroup(of: JSONValue.self) { group in
            for order in orders { group.addTask { try await self.value(of: executor.run(order) { _ in }, fixture) } }
            var all: [Int] = []
            for try await value in group { all.append(value.intValue ?? 0) }
            return all
        }
        #expect(served.count == 6 && Set(served).count == 1)
        await executor.shutdown()
        #expect(try await fixture.leftovers(of: job).isEmpty)
    }

    @Test func anIdleInstanceIsStopped() async throws {
        let fixture = try ProcessFixture()
        let source = "while read -r line; do echo $$; done"
        let model = try await fixture.model(running: ModelProgram(.shell, source, callProtocol: .jsonl))
        let executor = executor(on: fixture, idleLimit: TimeSpan(milliseconds: 20))
        let first = try await value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture)
        while try await !fixture.leftovers(of: job).isEmpty { try await Task.sleep(for: .milliseconds(25)) }
        let second = try await value(of: executor.run(order(model, attempt: 2, fixture)) { _ in }, fixture)
        #expect(first != second)
        await executor.shutdown()
    }

    @Test func aJobThatWasSweptCanGoOnWithWhatIsWarm() async throws {
        let fixture = try ProcessFixture()
        let source = "while read -r line; do echo $$; done"
        let model = try await fixture.model(running: ModelProgram(.shell, source, callProtocol: .jsonl))
        let executor = executor(on: fixture)
        let first = try await value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture)
        await executor.sweep(job: job, keeping: [])
        let second = try await value(of: executor.run(order(model, attempt: 2, fixture)) { _ in }, fixture)
        #expect(first == second)
        await executor.shutdown()
        #expect(try await fixture.leftovers(of: job).isEmpty)
    }

    @Test func oneIsKeptWhenAllAreIdle() async throws {
        let fixture = try ProcessFixture()
        var model = try await fixture.model(running: ModelProgram(.shell, Self.meeting, callProtocol: .jsonl))
        model.minInstances = 1
        let executor = executor(on: fixture, idleLimit: TimeSpan(milliseconds: 20))
        async let one = value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture)
        async let other = value(of: executor.run(order(model, attempt: 2, fixture)) { _ in }, fixture)
        let pids = Set([try await one.intValue ?? 0, try await other.intValue ?? 0])
        #expect(pids.count == 2)
        while try await instances(fixture).count > 1 { try await Task.sleep(for: .milliseconds(25)) }
        let third = try await value(of: executor.run(order(model, attempt: 3, fixture)) { _ in }, fixture)
        #expect(pids.contains(third.intValue ?? 0))
        await executor.shutdown()
        #expect(try await fixture.leftovers(of: job).isEmpty)
    }

    @Test func theLeastNumberIsStartedWithTheFirstCall() async throws {
        let fixture = try ProcessFixture()
        var model = try await fixture.model(running: ModelProgram(.shell, Self.echo, callProtocol: .jsonl))
        (model.minInstances, model.maxInstances) = (2, 2)
        let executor = executor(on: fixture)
        _ = try await value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture)
        while try await instances(fixture).count != 2 { try await Task.sleep(for: .milliseconds(25)) }
        await executor.shutdown()
    }

    @Test func noMoreThanTheModelAllows() async throws {
        let fixture = try ProcessFixture()
        var model = try await fixture.model(running: ModelProgram(.shell, Self.echo, callProtocol: .jsonl))
        model.maxInstances = 1
        let executor = executor(on: fixture)
        let orders = try (1...6).map { try order(model, attempt: $0, fixture) }
        let served = try await withThrowingTaskGroup(of: JSONValue.self) { group in
            for order in orders { group.addTask { try await self.value(of: executor.run(order) { _ in }, fixture) } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1.intValue ?? 0) }
        }
        #expect(served.count == 1)
        await executor.shutdown()
    }

    /// An attempt keeps its place from unit to unit, but not while another one waits for it.
    @Test func aLongAttemptLetsOthersIn() async throws {
        let fixture = try ProcessFixture()
        var model = try await fixture.model(running: ModelProgram(.shell, Self.echo, callProtocol: .jsonl))
        model.maxInstances = 1
        let executor = executor(on: fixture)
        let (begun, beginning) = AsyncStream.makeStream(of: Never.self)
        let hasEnded = Mutex(false)
        // More units than are done before the other one comes, however late that is.
        let long = try shard(model, units: 200_000, attempt: 1, fixture)
        let first = Task {
            _ = await executor.run(long) { done in
                if done == 1 { beginning.finish() }
            }
            hasEnded.withLock { $0 = true }
        }
        for await _ in begun {}
        _ = try await value(of: executor.run(order(model, attempt: 2, fixture)) { _ in }, fixture)
        #expect(!hasEnded.withLock { $0 })
        first.cancel()
        await first.value
        await executor.shutdown()
    }

    @Test func aDeadIdleInstanceThatIsKeptIsReplaced() async throws {
        let fixture = try ProcessFixture()
        var model = try await fixture.model(running: ModelProgram(.shell, Self.echo, callProtocol: .jsonl))
        model.minInstances = 1
        let executor = executor(on: fixture, health: HealthPolicy(interval: .milliseconds(20)))
        let first = try await value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture).intValue ?? 0
        kill(pid_t(first), SIGKILL)
        while try await instances(fixture).filter({ $0 != first }).isEmpty { try await Task.sleep(for: .milliseconds(25)) }
        let second = try await value(of: executor.run(order(model, attempt: 2, fixture)) { _ in }, fixture).intValue ?? 0
        #expect(second != first && second > 0)
        await executor.shutdown()
    }

    @Test func anIdleInstanceThatFailsItsCheckIsReplaced() async throws {
        let fixture = try ProcessFixture()
        let source = "while read -r line; do touch \"$IMFLOW_WORKDIR/ill\"; echo $$; done"
        var model = try await fixture.model(running: ModelProgram(.shell, source, callProtocol: .jsonl))
        model.hooks.health = ["sh", "-c", "test ! -e \"$IMFLOW_WORKDIR/ill\""]
        let executor = executor(on: fixture, health: HealthPolicy(pause: .zero))
        let first = try await value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture)
        let second = try await value(of: executor.run(order(model, attempt: 2, fixture)) { _ in }, fixture)
        #expect(first != second)
        await executor.shutdown()
        #expect(try await fixture.leftovers(of: job).isEmpty)
    }

    /// It gets no more requests, ends those it has, and is checked again then.
    @Test(arguments: [true, false]) func aBusyInstanceIsNotEndedForACheck(recovers: Bool) async throws {
        let fixture = try ProcessFixture()
        var model = try await fixture.model(
            running: ModelProgram(.python, Self.patient, callProtocol: .rest, concurrency: 2))
        model.maxInstances = 1
        model.environment = ["MARKS": fixture.root]
        model.hooks.health = [
            "sh", "-c", "test ! -e \"$IMFLOW_WORKDIR/ill\" || { echo x >> \"$MARKS/failed\"; exit 1; }",
        ]
        let executor = executor(on: fixture, health: HealthPolicy(interval: .milliseconds(20)))
        let model1 = model
        async let held = value(of: executor.run(order(model1, ["mode": "hold"], attempt: 1, fixture)) { _ in }, fixture)
        // With the second check, the first one's answer has come.
        func checks() -> Int { ((try? String(contentsOfFile: fixture.root + "/failed", encoding: .utf8)) ?? "").count / 2 }
        while checks() < 2 { try await Task.sleep(for: .milliseconds(25)) }
        async let next = value(of: executor.run(order(model1, attempt: 2, fixture)) { _ in }, fixture)
        #expect(try await instances(fixture).count == 1)
        try TemporaryFolder.write("", to: fixture.root + (recovers ? "/well" : "/go"))
        let (first, second) = (try await held, try await next)
        #expect((first == second) == recovers)
        await executor.shutdown()
        #expect(try await fixture.leftovers(of: job).isEmpty)
    }

    @Test func aModelThatCrashesIsTriedAFewTimesAndThenTold() async throws {
        let fixture = try ProcessFixture()
        let source = "echo start >> starts; echo no weights >&2; exit 3"
        let model = try await fixture.model(running: ModelProgram(.shell, source, callProtocol: .rest))
        let executor = executor(on: fixture)
        guard case .failed(let failure) = try await executor.run(order(model, attempt: 1, fixture), progress: { _ in }).outcome
        else { Issue.record("it should have failed"); return }
        #expect(failure.cause == .app && failure.message.contains("code 3") && failure.message.contains("no weights"))
        #expect(try String(contentsOfFile: model.folder + "/starts", encoding: .utf8) == "start\nstart\nstart\n")
        await executor.shutdown()
    }

    @Test func aModelThatCrashesOnceIsStartedAgain() async throws {
        let fixture = try ProcessFixture()
        let source = "import os, sys\nif not os.path.exists('once'): open('once', 'w'); sys.exit(1)\n" + Self.patient
        let model = try await fixture.model(running: ModelProgram(.python, source, callProtocol: .rest))
        let executor = executor(on: fixture)
        #expect(try await value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture).intValue != nil)
        await executor.shutdown()
    }

    @Test func aWarmAttemptOfAnEarlierEngineIsLost() async throws {
        let fixture = try ProcessFixture()
        let model = try await fixture.model(running: ModelProgram(.shell, "cat", callProtocol: .jsonl))
        var recovered = try order(model, attempt: 1, fixture)
        recovered.recovered = true
        guard case .failed(let failure) = await executor(on: fixture).run(recovered, progress: { _ in }).outcome else {
            Issue.record("it should have failed")
            return
        }
        #expect(failure.cause == .lost)
    }

    @Test func otherKindsOfWorkAreRefused() async throws {
        let fixture = try ProcessFixture()
        let order = WorkOrder(
            job: job, task: "input", stage: "", attempt: 1, token: "t",
            work: .fetch(FetchWork(input: [:], pointers: [])))
        let report = await executor(on: fixture).run(order) { _ in }
        guard case .failed(let failure) = report.outcome else { Issue.record("\(report.outcome)"); return }
        #expect(failure.cause == .infra)
    }

    @Test func aHostThatIsNotThereIsTheAttemptsFailure() async throws {
        let fixture = try ProcessFixture()
        let model = try await fixture.model(running: ModelProgram(.shell, "echo 1"))
        let executor = CallExecutor(
            state: fixture.state, staging: fixture.staging, client: HTTPClient(),
            host: { _ throws(Failure) in throw Failure(.infra, "no engine answers") }, instanceLimit: 1)
        let report = await executor.run(try order(model, attempt: 1, fixture)) { _ in }
        #expect(report.outcome == .failed(Failure(.infra, "no engine answers")))
        #expect(report.node == "0x" + String(repeating: "0", count: 40))
    }

    private static let echo = "while read -r line; do echo $$; done"
    /// Answers when two of its kind have a request.
    private static let meeting =
        "while read -r line; do touch here-$$; while [ \"$(ls here-* | wc -l)\" -lt 2 ]; do sleep 0.02; done; echo $$; done"
    /// Asked to `hold`, it is ill and answers once there is a file `go` or `well` beside its marks; `well` cures it.
    private static let patient = """
        import http.server, json, os, time
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments): pass
            def do_GET(self): self.reply(b"{}")
            def do_POST(self):
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
                ill = os.environ["IMFLOW_WORKDIR"] + "/ill"
                if given.get("mode") == "hold":
                    open(ill, "w").close()
                    marks = os.environ["MARKS"]
                    while not any(os.path.exists(marks + name) for name in ("/go", "/well")): time.sleep(0.02)
                    if os.path.exists(marks + "/well"): os.unlink(ill)
                self.reply(b'{"result": %d}' % os.getpid())
            def reply(self, body):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
        """

    /// The process ids of the job's instances.
    private func instances(_ fixture: ProcessFixture) async throws -> [Int] {
        try await fixture.leftovers(of: job).filter { $0.hasSuffix(" program") }
            .compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }

    private func executor(
        on fixture: ProcessFixture, idleLimit: TimeSpan = TimeSpan(seconds: 60), health: HealthPolicy = HealthPolicy()
    ) -> CallExecutor {
        let host = fixture.host
        return CallExecutor(
            state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in host }, instanceLimit: 3,
            hosts: [host], startWindow: TimeSpan(seconds: 300), idleLimit: idleLimit, health: health)
    }

    private func order(
        _ model: ModelPlan, _ input: JSONObject = [:], attempt: Int, _ fixture: ProcessFixture
    ) throws -> WorkOrder {
        let context = InputContext(
            sources: [], jobInput: try fixture.content.payload(.object(input)), key: nil, soleValueFallback: false, literal: [:],
            when: nil)
        return WorkOrder(
            job: job, task: "t", stage: "s", attempt: attempt, token: "token-\(attempt)",
            work: .call(CallWork(model: model, input: .whole(context))))
    }

    private func shard(
        _ model: ModelPlan, units: Int, attempt: Int, _ fixture: ProcessFixture
    ) throws -> WorkOrder {
        let list = (0..<units).map { Unit(geometry: ["index": .int(Int64($0))], set: [:]).json }
        let input = CallWork.Input.shard(
            shared: try fixture.content.payload([:]), units: try fixture.content.payload(.array(list)))
        return WorkOrder(
            job: job, task: "t", stage: "s", attempt: attempt, token: "token-\(attempt)",
            work: .call(CallWork(model: model, input: input, shardIndex: 0, shardCount: 1)))
    }

    private func value(of report: AttemptReport, _ fixture: ProcessFixture) throws -> JSONValue {
        guard case .succeeded(let payload) = report.outcome else { throw ConformanceViolation("\(report.outcome)") }
        return try fixture.content.value(of: payload)
    }
}
