import Glibc
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Testing

/// What an executor does with an order that an earlier engine had begun, seen by the folders that it left.
@Suite struct RecoveryTests {
    private let fixture: ProcessFixture
    private let executor: CallExecutor
    private let job = "recovery-" + String(UInt64.random(in: .min ... .max), radix: 16)

    init() throws {
        let fixture = try ProcessFixture()
        let host = fixture.host
        self.fixture = fixture
        executor = CallExecutor(
            state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in host }, instanceLimit: 1,
            hosts: [host])
    }

    private func recovered(_ model: ModelPlan, units: Int) throws -> WorkOrder {
        let list = (0..<units).map { Unit(geometry: ["index": .int(Int64($0))], set: ["n": .int(Int64($0))]).json }
        let input = CallWork.Input.shard(
            shared: try fixture.content.payload([:]), units: try fixture.content.payload(.array(list)))
        return WorkOrder(
            job: job, task: "t", stage: "s", attempt: 1, token: "token", recovered: true,
            work: .call(CallWork(model: model, input: input)))
    }

    private func attemptFolder() -> String {
        let folder = fixture.state.attemptFolder(job: job, task: "t", attempt: 1)
        mkdir(fixture.state.root + "/work", 0o700)
        mkdir(fixture.state.work(job: job), 0o700)
        mkdir(folder, 0o700)
        return folder
    }

    @Test func unitsThatWereDoneAreNotCalledAgain() async throws {
        let calls = fixture.root + "/calls"
        let model = try await fixture.model(running: ModelProgram(.shell, "echo x >>\(calls); cat"))
        try TemporaryFolder.write(#"{"kept": 1}"#, to: attemptFolder() + "/0.result")
        let report = await executor.run(try recovered(model, units: 3)) { _ in }
        guard case .succeeded(let payload) = report.outcome else { Issue.record("\(report.outcome)"); return }
        let results = try fixture.content.value(of: payload).arrayValue ?? []
        #expect(results.count == 3)
        #expect(results.first == ["kept": 1])
        #expect(results.last?["input"]?["n"] == 2)
        var status = stat()
        #expect(stat(calls, &status) == 0 && status.st_size == 4)
        #expect(access(fixture.state.attemptFolder(job: job, task: "t", attempt: 1), F_OK) != 0)
    }

    @Test func aUnitThatWasRunningIsLost() async throws {
        let model = try await fixture.model(running: ModelProgram(.shell, "cat"))
        mkdir(attemptFolder() + "/0", 0o700)
        let report = await executor.run(try recovered(model, units: 2)) { _ in }
        guard case .failed(let failure) = report.outcome else { Issue.record("\(report.outcome)"); return }
        #expect(failure.cause == .lost)
        #expect(access(fixture.state.attemptFolder(job: job, task: "t", attempt: 1), F_OK) != 0)
    }

    @Test func anAttemptThatHadNotBegunBegins() async throws {
        let model = try await fixture.model(running: ModelProgram(.shell, "cat"))
        let report = await executor.run(try recovered(model, units: 1)) { _ in }
        guard case .succeeded = report.outcome else { Issue.record("\(report.outcome)"); return }
    }

    @Test func aSweepLeavesNoFolder() async throws {
        mkdir(attemptFolder() + "/0", 0o000)
        await executor.sweep(job: job, keeping: ["some"])
        #expect(access(fixture.state.work(job: job), F_OK) == 0)
        await executor.sweep(job: job, keeping: [])
        #expect(access(fixture.state.work(job: job), F_OK) != 0)
    }
}
