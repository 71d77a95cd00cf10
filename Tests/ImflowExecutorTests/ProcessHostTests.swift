import Glibc
import ImflowExecution
@testable import ImflowInvocation
import ImflowPlan
import ImflowProcess
import Testing

/// What holds for processes beyond the conformance suite.
@Suite struct ProcessHostTests {
    @Test(arguments: ProcessParent.allCases)
    func programsAreFoundInPathOrInTheFolder(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            try TemporaryFolder.write("#!/bin/sh\necho here $PWD $1\n", to: bench.fixture.root + "/tool", mode: 0o700)
            #expect(try await bench.output(["./tool", "a b"]) == "here \(bench.fixture.root) a b\n")
            #expect(try await bench.output([bench.fixture.root + "/tool", "x"]) == "here \(bench.fixture.root) x\n")
            let found = try await bench.output(["tool", "y"], environment: ["PATH": bench.fixture.root])
            #expect(found == "here \(bench.fixture.root) y\n")
            let failure = try await bench.failure(["tool"])
            #expect(failure.cause == .app)
            #expect(failure.message.contains("tool was not found in PATH"))
            #expect(failure.message.contains("write ./tool"))
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func whatCannotBeRunIsNamed(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            try TemporaryFolder.write("echo", to: bench.fixture.root + "/plain")
            try TemporaryFolder.write("no magic number", to: bench.fixture.root + "/text", mode: 0o700)
            try TemporaryFolder.write("#!/no/such/interpreter\n", to: bench.fixture.root + "/lost", mode: 0o700)
            for (command, part) in [
                (["./plain"], "not executable"), (["./text"], "./text is no program"), (["./gone"], "no such file"),
                (["./lost"], "interpreter"), (["/"], "not a file"), ([], "no entrypoint"), (["a\0b"], "NUL"),
            ] {
                let failure = try await bench.failure(command)
                #expect(failure.cause == .app, "\(command)")
                #expect(failure.message.contains(part), "\(failure.message)")
            }
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func aMissingFolderIsTheMachinesFault(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            var launch = bench.launch(["true"])
            launch.model.folder = bench.fixture.root + "/gone"
            let failure = try await #require(throws: Failure.self) { _ = try await bench.host.run(launch, input: []) }
            #expect(failure.cause == .infra)
            #expect(failure.message.contains(bench.fixture.root + "/gone"))
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func aProgramGetsLittleOfOurEnvironment(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            let lines = try await bench.output(["env"]).split(separator: "\n")
            let names = lines.compactMap { $0.split(separator: "=").first }
            let plain = names.filter { !$0.hasPrefix("IMFLOW_") && !$0.hasPrefix("LC_") }
            let known: Set<Substring> = [
                "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
                "CUDA_VISIBLE_DEVICES",
            ]
            #expect(Set(plain).isSubset(of: known))
            #expect(names.contains("PATH") && names.contains("IMFLOW_TOKEN"))
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func noFileOfOursIsOpenInAProgram(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            let held = open("/dev/null", O_RDONLY)
            defer { close(held) }
            let open = try await bench.output(["sh", "-c", "cd /proc/self/fd && echo *"])
            let numbers = open.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            #expect(numbers.allSatisfy { $0 < 4 }, "\(open)")
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func signalsAreAsAProgramExpectsThem(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            // With SIGPIPE ignored, `yes` would see an error of its write and say so.
            let line = try await bench.output(["sh", "-c", "yes 2>&1 | head -n 1"])
            #expect(line == "y\n")
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func aSweepEndsWhatAnotherEngineLeft(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            let other = ProcessHost(node: "0x01", stateRoot: bench.fixture.state.root + "/.")
            let gone = Task { try await other.run(bench.launch(["sleep", "1000"], token: "gone"), input: []) }
            let kept = Task { try await other.run(bench.launch(["sleep", "1000"], token: "kept"), input: []) }
            try await bench.appears("IMFLOW_TOKEN=gone")
            try await bench.appears("IMFLOW_TOKEN=kept")
            await bench.host.sweep(job: "another-job", keeping: [])
            await bench.host.sweep(job: bench.job, keeping: ["kept"])
            #expect(try await gone.value.signal == SIGKILL)
            #expect(bench.processes(with: "IMFLOW_TOKEN=kept").count == 1)
            await ProcessHost(node: "0x02", stateRoot: bench.fixture.root).sweep(job: bench.job, keeping: [])
            #expect(bench.processes(with: "IMFLOW_TOKEN=kept").count == 1)
            await bench.host.sweep(job: bench.job, keeping: [])
            #expect(try await kept.value.signal == SIGKILL)
        }
    }

    @Test func aRecoveredLaunchThatNobodyKeptEndsWhatIsLeftAndIsLost() async throws {
        try await ProcessBench.run(.host) { bench in
            let launch = bench.launch(["sh", "-c", "setsid sleep 1000 & sleep 1000"])
            let first = Task { try await bench.host.run(launch, input: []) }
            try await bench.appears("IMFLOW_TOKEN=t1", count: 3)
            let again = ProcessHost(node: "0x01", stateRoot: bench.fixture.state.root)
            let failure = try await #require(throws: Failure.self) {
                _ = try await again.run(bench.launch(["sh"], recovered: true), input: [])
            }
            #expect(failure.cause == .lost)
            _ = try await first.value
            #expect(ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(bench.job)") }.isEmpty)
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func shutdownEndsWhatLeftItsGroup(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            // What has not left the group by the end of its leader ends with it.
            let leave = "setsid sh -c ': >left; exec sleep 1000 >/dev/null 2>&1' & until [ -e left ]; do :; done; echo"
            _ = try await bench.output(["sh", "-c", leave])
            try await bench.appears("IMFLOW_TOKEN=t1")
            await bench.host.shutdown()
            #expect(ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(bench.job)") }.isEmpty)
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func whoLeftTheGroupAndGoesOnWritingHoldsNobody(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            let leave = "setsid sh -c ': >gone; exec yes' & until [ -e gone ]; do :; done"
            let text = try await bench.output(["sh", "-c", leave])
            #expect(text.allSatisfy { $0 == "y" || $0 == "\n" })
            await bench.host.shutdown()
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func theFirstInstanceGetsTheDeclaredPortAndOthersAreTold(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            let port = Int.random(in: 20000..<30000)
            let serve = bench.launch(
                ["sh", "-c", "echo $PORT $IMFLOW_PORT; exec sleep 1000"], protocol: .rest, token: "a", port: port)
            let first = try await bench.host.start(serve)
            var another = serve
            another.token = "b"
            let second = try await bench.host.start(another)
            #expect(first.baseURL == "http://127.0.0.1:\(port)")
            #expect(second.baseURL != first.baseURL && second.baseURL?.hasPrefix("http://127.0.0.1:") == true)
            await first.stop()
            another.token = "c"
            let third = try await bench.host.start(another)
            #expect(third.baseURL == first.baseURL)
            await bench.host.shutdown()
            #expect(await third.exit() != nil)
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func aStoppedInstanceIsGoneWithItsChildren(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            let instance = try await bench.host.start(
                bench.launch(["sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000"], protocol: .rest, token: "a"))
            try await bench.appears("IMFLOW_TOKEN=a", count: 3)
            #expect(await instance.exit() == nil)
            await instance.stop()
            #expect(await instance.exit()?.signal == SIGKILL)
            #expect(ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(bench.job)") }.isEmpty)
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func secretsReachNoLog(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            setenv("IMFLOW_TEST_SECRET", "s3cr3t-token", 1)
            let print =
                "printf 'a s3cr'; printf 'key s3c' >&2; sleep 0.1; echo 3t-token; echo \"r3t-token $KEY s3cr\" >&2"
            var exec = bench.launch(["sh", "-c", print], environment: ["KEY": "${IMFLOW_TEST_SECRET}"])
            let exit = try await bench.host.run(exec, input: [])
            #expect(String(decoding: exit.output, as: UTF8.self) == "a s3cr3t-token\n")
            #expect(try bench.contents(of: exec.logPath) == "key *** *** s3cr\n")
            exec = bench.launch(
                ["sh", "-c", print], protocol: .rest, token: "r", environment: ["KEY": "${IMFLOW_TEST_SECRET}"])
            exec.logPath += "-rest"
            let instance = try await bench.host.start(exec)
            while await instance.exit() == nil { try await Task.sleep(for: .milliseconds(5)) }
            let text = try bench.contents(of: exec.logPath)
            #expect(text.contains("***") && !text.contains("s3cr3t"), "\(text)")
        }
    }

    @Test(arguments: ProcessParent.allCases)
    func theLogIsBounded(_ parent: ProcessParent) async throws {
        try await ProcessBench.run(parent) { bench in
            _ = try await bench.output(["sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x >&2"])
            var status = stat()
            #expect(stat(bench.fixture.root + "/log", &status) == 0)
            #expect(Int(status.st_size) <= Launch.logLimit && Int(status.st_size) > Launch.logLimit - 100)
        }
    }
}
