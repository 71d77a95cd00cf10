import Glibc
import ImflowExecution
@testable import ImflowInvocation
import ImflowPlan
import ImflowProcess
import Testing

/// A host of processes over a state folder of its own, and short words for what the tests do with it.
struct ProcessBench {
    let fixture: ProcessFixture
    let host: ProcessHost
    let job = "process-" + String(UInt64.random(in: .min ... .max), radix: 16)

    init(_ parent: ProcessParent) throws {
        fixture = try ProcessFixture(parent)
        host = ProcessHost(node: "0x00", stateRoot: fixture.state.root, keeper: parent.keeper)
    }

    /// Runs the body over a fresh bench, shuts its host down, and holds that no keeper is left.
    static func run(_ parent: ProcessParent, _ body: (ProcessBench) async throws -> Void) async throws {
        let bench = try ProcessBench(parent)
        do { try await body(bench) } catch {
            await bench.host.shutdown()
            throw error
        }
        await bench.host.shutdown()
        #expect(ProcessLedger.keepers(of: bench.fixture.state.root).isEmpty)
    }

    func launch(
        _ command: [String], protocol callProtocol: CallProtocol = .exec, token: String = "t1", recovered: Bool = false,
        environment: [String: String] = [:], port: Int = 9000
    ) -> Launch {
        let model = ModelPlan(
            name: "probe", folder: fixture.root, command: command, callProtocol: callProtocol, port: port,
            environment: environment)
        return Launch(
            model: model, job: job, task: "t", attempt: 1, token: token, unit: 0, workFolder: fixture.root + "/work",
            environment: ["IMFLOW_JOB_ID": job], logPath: fixture.root + "/log", recovered: recovered)
    }

    func output(_ command: [String], environment: [String: String] = [:], input: String = "") async throws
        -> String
    {
        let exit = try await host.run(launch(command, environment: environment), input: Array(input.utf8))
        #expect(exit.code == 0)
        return String(decoding: exit.output, as: UTF8.self)
    }

    func failure(_ command: [String]) async throws -> Failure {
        try await #require(throws: Failure.self) { _ = try await host.run(launch(command), input: []) }
    }

    func contents(of path: String) throws -> String {
        let bytes = try #require(try WorkFile.contents(of: path, limit: 1 << 20, name: path))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The processes of the job that carry the mark.
    func processes(with mark: String) -> [String] {
        ProcessLedger.commands { $0.contains(mark) && $0.contains("IMFLOW_JOB_ID=\(job)") }
    }

    /// Waits until so many processes of the job carry the mark.
    func appears(_ mark: String, count: Int = 1) async throws {
        while processes(with: mark).count < count { try await Task.sleep(for: .milliseconds(25)) }
    }
}
