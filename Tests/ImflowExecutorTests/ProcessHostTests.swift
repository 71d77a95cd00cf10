import Glibc
import ImflowExecution
@testable import ImflowInvocation
import ImflowPlan
import ImflowProcess
import Testing

/// What holds for processes beyond the conformance suite.
@Suite struct ProcessHostTests {
    private let fixture: ProcessFixture
    private let host: ProcessHost
    private let job = "process-" + String(UInt64.random(in: .min ... .max), radix: 16)

    init() throws {
        fixture = try ProcessFixture()
        host = ProcessHost(node: "0x00", stateRoot: fixture.state.root)
    }

    private func launch(
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

    private func output(_ command: [String], environment: [String: String] = [:], input: String = "") async throws
        -> String
    {
        let exit = try await host.run(launch(command, environment: environment), input: Array(input.utf8))
        #expect(exit.code == 0)
        return String(decoding: exit.output, as: UTF8.self)
    }

    private func failure(_ command: [String]) async throws -> Failure {
        try await #require(throws: Failure.self) { _ = try await host.run(launch(command), input: []) }
    }

    @Test func programsAreFoundInPathOrInTheFolder() async throws {
        try TemporaryFolder.write("#!/bin/sh\necho here $PWD $1\n", to: fixture.root + "/tool", mode: 0o700)
        #expect(try await output(["./tool", "a b"]) == "here \(fixture.root) a b\n")
        #expect(try await output([fixture.root + "/tool", "x"]) == "here \(fixture.root) x\n")
        #expect(try await output(["tool", "y"], environment: ["PATH": fixture.root]) == "here \(fixture.root) y\n")
        let failure = try await failure(["tool"])
        #expect(failure.cause == .app)
        #expect(failure.message.contains("tool was not found in PATH"))
        #expect(failure.message.contains("write ./tool"))
    }

    @Test func whatCannotBeRunIsNamed() async throws {
        try TemporaryFolder.write("echo", to: fixture.root + "/plain")
        try TemporaryFolder.write("no magic number", to: fixture.root + "/text", mode: 0o700)
        try TemporaryFolder.write("#!/no/such/interpreter\n", to: fixture.root + "/lost", mode: 0o700)
        for (command, part) in [
            (["./plain"], "not executable"), (["./text"], "./text is no program"), (["./gone"], "no such file"),
            (["./lost"], "interpreter"), (["/"], "not a file"), ([], "no entrypoint"), (["a\0b"], "NUL"),
        ] {
            let failure = try await failure(command)
            #expect(failure.cause == .app, "\(command)")
            #expect(failure.message.contains(part), "\(failure.message)")
        }
    }

    @Test func aMissingFolderIsTheMachinesFault() async throws {
        var launch = launch(["true"])
        launch.model.folder = fixture.root + "/gone"
        let failure = try await #require(throws: Failure.self) { _ = try await host.run(launch, input: []) }
        #expect(failure.cause == .infra)
        #expect(failure.message.contains(fixture.root + "/gone"))
    }

    @Test func aProgramGetsLittleOfOurEnvironment() async throws {
        let names = try await output(["env"]).split(separator: "\n").compactMap { $0.split(separator: "=").first }
        let plain = names.filter { !$0.hasPrefix("IMFLOW_") && !$0.hasPrefix("LC_") }
        let known: Set<Substring> = [
            "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
            "CUDA_VISIBLE_DEVICES",
        ]
        #expect(Set(plain).isSubset(of: known))
        #expect(names.contains("PATH") && names.contains("IMFLOW_TOKEN"))
    }

    @Test func noFileOfOursIsOpenInAProgram() async throws {
        let held = open("/dev/null", O_RDONLY)
        defer { close(held) }
        let open = try await output(["sh", "-c", "cd /proc/self/fd && echo *"])
        let numbers = open.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        #expect(numbers.allSatisfy { $0 < 4 }, "\(open)")
    }

    @Test func signalsAreAsAProgramExpectsThem() async throws {
        // With SIGPIPE ignored, `yes` would see an error of its write and say so.
        #expect(try await output(["sh", "-c", "yes 2>&1 | head -n 1"]) == "y\n")
    }

    @Test func aSweepEndsWhatAnotherEngineLeft() async throws {
        let other = ProcessHost(node: "0x01", stateRoot: fixture.state.root + "/.")
        let gone = Task { try await other.run(launch(["sleep", "1000"], token: "gone"), input: []) }
        let kept = Task { try await other.run(launch(["sleep", "1000"], token: "kept"), input: []) }
        try await appears("IMFLOW_TOKEN=gone")
        try await appears("IMFLOW_TOKEN=kept")
        await host.sweep(job: "another-job", keeping: [])
        await host.sweep(job: job, keeping: ["kept"])
        #expect(try await gone.value.signal == SIGKILL)
        #expect(
            ProcessLedger.commands { $0.contains("IMFLOW_TOKEN=kept") && $0.contains("IMFLOW_JOB_ID=\(job)") }.count
                == 1)
        await ProcessHost(node: "0x02", stateRoot: fixture.root).sweep(job: job, keeping: [])
        #expect(
            ProcessLedger.commands { $0.contains("IMFLOW_TOKEN=kept") && $0.contains("IMFLOW_JOB_ID=\(job)") }.count
                == 1)
        await host.sweep(job: job, keeping: [])
        #expect(try await kept.value.signal == SIGKILL)
    }

    @Test func aRecoveredLaunchEndsWhatIsLeftAndIsLost() async throws {
        let first = Task { try await host.run(launch(["sh", "-c", "setsid sleep 1000 & sleep 1000"]), input: []) }
        try await appears("IMFLOW_TOKEN=t1", count: 3)
        let again = ProcessHost(node: "0x01", stateRoot: fixture.state.root)
        let failure = try await #require(throws: Failure.self) {
            _ = try await again.run(launch(["sh"], recovered: true), input: [])
        }
        #expect(failure.cause == .lost)
        _ = try await first.value
        #expect(ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(job)") }.isEmpty)
    }

    @Test func shutdownEndsWhatLeftItsGroup() async throws {
        // What has not left the group by the end of its leader ends with it.
        let leave = "setsid sh -c ': >left; exec sleep 1000 >/dev/null 2>&1' & until [ -e left ]; do :; done; echo"
        _ = try await output(["sh", "-c", leave])
        try await appears("IMFLOW_TOKEN=t1")
        await host.shutdown()
        #expect(ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(job)") }.isEmpty)
    }

    @Test func whoLeftTheGroupAndGoesOnWritingHoldsNobody() async throws {
        let leave = "setsid sh -c ': >gone; exec yes' & until [ -e gone ]; do :; done"
        let text = try await output(["sh", "-c", leave])
        #expect(text.allSatisfy { $0 == "y" || $0 == "\n" })
        await host.shutdown()
    }

    @Test func theFirstInstanceGetsTheDeclaredPortAndOthersAreTold() async throws {
        let port = Int.random(in: 20000..<30000)
        let serve = launch(
            ["sh", "-c", "echo $PORT $IMFLOW_PORT; exec sleep 1000"], protocol: .rest, token: "a", port: port)
        let first = try await host.start(serve)
        var another = serve
        another.token = "b"
        let second = try await host.start(another)
        #expect(first.baseURL == "http://127.0.0.1:\(port)")
        #expect(second.baseURL != first.baseURL && second.baseURL?.hasPrefix("http://127.0.0.1:") == true)
        await first.stop()
        another.token = "c"
        let third = try await host.start(another)
        #expect(third.baseURL == first.baseURL)
        await host.shutdown()
        #expect(await third.exit() != nil)
    }

    @Test func aStoppedInstanceIsGoneWithItsChildren() async throws {
        let instance = try await host.start(
            launch(["sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000"], protocol: .rest, token: "a"))
        try await appears("IMFLOW_TOKEN=a", count: 3)
        #expect(await instance.exit() == nil)
        await instance.stop()
        #expect(await instance.exit()?.signal == SIGKILL)
        #expect(ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(job)") }.isEmpty)
    }

    @Test(.enabled(if: MemoryGroup.isAvailable)) func aKillForMemoryIsSeen() async throws {
        let group = try MemoryGroup(limit: 32 << 20)
        defer { group.remove() }
        // `tail` keeps a line until it ends, and this one does not.
        let hungry = "echo $$ >\(group.members); head -c 500000000 /dev/zero | tail -n 1"
        let killed = try await host.run(launch(["sh", "-c", hungry]), input: [])
        #expect(killed.outOfMemory, "\(killed)")
        let ended = try await host.run(launch(["sh", "-c", "kill -KILL $$"]), input: [])
        #expect(ended.signal == SIGKILL && !ended.outOfMemory)
    }

    @Test func secretsReachNoLog() async throws {
        setenv("IMFLOW_TEST_SECRET", "s3cr3t-token", 1)
        let print = "printf 'a s3cr'; printf 'key s3c' >&2; sleep 0.1; echo 3t-token; echo \"r3t-token $KEY s3cr\" >&2"
        var exec = launch(["sh", "-c", print], environment: ["KEY": "${IMFLOW_TEST_SECRET}"])
        let exit = try await host.run(exec, input: [])
        #expect(String(decoding: exit.output, as: UTF8.self) == "a s3cr3t-token\n")
        #expect(try contents(of: exec.logPath) == "key *** *** s3cr\n")
        exec = launch(["sh", "-c", print], protocol: .rest, token: "r", environment: ["KEY": "${IMFLOW_TEST_SECRET}"])
        exec.logPath += "-rest"
        let instance = try await host.start(exec)
        while await instance.exit() == nil { try await Task.sleep(for: .milliseconds(5)) }
        let text = try contents(of: exec.logPath)
        #expect(text.contains("***") && !text.contains("s3cr3t"), "\(text)")
    }

    private func contents(of path: String) throws -> String {
        let bytes = try #require(try WorkFile.contents(of: path, limit: 1 << 20, name: path))
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func theLogIsBounded() async throws {
        _ = try await output(["sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x >&2"])
        var status = stat()
        #expect(stat(fixture.root + "/log", &status) == 0)
        #expect(Int(status.st_size) <= Launch.logLimit && Int(status.st_size) > Launch.logLimit - 100)
    }

    /// Waits until so many processes of the job carry the mark.
    private func appears(_ mark: String, count: Int = 1) async throws {
        while ProcessLedger.commands(where: { $0.contains(mark) && $0.contains("IMFLOW_JOB_ID=\(job)") }).count < count
        {
            try await Task.sleep(for: .milliseconds(25))
        }
    }
}
