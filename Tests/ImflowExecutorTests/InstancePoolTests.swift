import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowInvocation
import ImflowPlan
import ImflowTestKit
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

    @Test func aSweepEndsWarmInstancesAndTheJobCanGoOn() async throws {
        let fixture = try ProcessFixture()
        let source = "while read -r line; do echo $$; done"
        let model = try await fixture.model(running: ModelProgram(.shell, source, callProtocol: .jsonl))
        let executor = executor(on: fixture)
        let first = try await value(of: executor.run(order(model, attempt: 1, fixture)) { _ in }, fixture)
        await executor.sweep(job: job, keeping: [])
        #expect(try await fixture.leftovers(of: job).isEmpty)
        let second = try await value(of: executor.run(order(model, attempt: 2, fixture)) { _ in }, fixture)
        #expect(first != second)
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

    private func executor(on fixture: ProcessFixture, idleLimit: TimeSpan = TimeSpan(seconds: 60)) -> CallExecutor {
        let host = fixture.host
        return CallExecutor(
            state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in host }, instanceLimit: 3,
            hosts: [host], startWindow: TimeSpan(seconds: 20), idleLimit: idleLimit)
    }

    private func order(_ model: ModelPlan, attempt: Int, _ fixture: ProcessFixture) throws -> WorkOrder {
        let context = InputContext(
            sources: [], jobInput: try fixture.content.payload([:]), key: nil, soleValueFallback: false, literal: [:],
            when: nil)
        return WorkOrder(
            job: job, task: "t", stage: "s", attempt: attempt, token: "token-\(attempt)",
            work: .call(CallWork(model: model, input: .whole(context))))
    }

    private func value(of report: AttemptReport, _ fixture: ProcessFixture) throws -> JSONValue {
        guard case .succeeded(let payload) = report.outcome else { throw ConformanceViolation("\(report.outcome)") }
        return try fixture.content.value(of: payload)
    }
}
