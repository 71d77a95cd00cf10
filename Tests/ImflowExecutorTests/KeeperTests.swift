import Glibc
import ImflowExecution
import ImflowInvocation
@testable import ImflowProcess
import Testing

/// The keeper of a host's processes beyond what it promises as their parent.
@Suite struct KeeperTests {
    private func keeper(of bench: ProcessBench) throws -> pid_t {
        let found = ProcessLedger.keepers(of: bench.fixture.state.root)
        #expect(found.count == 1, "\(found)")
        return try #require(found.first?.split(separator: " ").first.flatMap { pid_t($0) })
    }

    @Test func oneServesAHostAndLeavesWithIt() async throws {
        try await ProcessBench.run(.keeper) { bench in
            #expect(ProcessLedger.keepers(of: bench.fixture.state.root).isEmpty)
            let parents = try await bench.output(["sh", "-c", "echo $PPID"]) + bench.output(["sh", "-c", "echo $PPID"])
            let keeper = try keeper(of: bench)
            #expect(parents == "\(keeper)\n\(keeper)\n")
            #expect(TemporaryFolder.names(in: bench.fixture.state.keepers).count == 1)
            #expect(getsid(keeper) == keeper)
            await bench.host.shutdown()
            #expect(kill(keeper, 0) != 0)
            #expect(TemporaryFolder.names(in: bench.fixture.state.keepers).isEmpty)
            #expect(try await bench.output(["echo", "again"]) == "again\n")
        }
    }

    @Test func whatRanUnderAKilledKeeperIsLostAndEnded() async throws {
        try await ProcessBench.run(.keeper) { bench in
            let run = Task { try await bench.host.run(bench.launch(["sleep", "1000"]), input: []) }
            let instance = try await bench.host.start(bench.launch(["sleep", "1001"], protocol: .rest, token: "warm"))
            try await bench.appears("IMFLOW_TOKEN=t1")
            kill(try keeper(of: bench), SIGKILL)
            let failure = try await #require(throws: Failure.self) { _ = try await run.value }
            #expect(failure.cause == .lost && failure.message.contains("keeper"), "\(failure)")
            while await instance.exit() == nil { try await Task.sleep(for: .milliseconds(5)) }
            #expect(ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(bench.job)") }.isEmpty)
            // The next one has a keeper again.
            #expect(try await bench.output(["echo", "again"]) == "again\n")
            _ = try keeper(of: bench)
        }
    }

    @Test func aStateFolderMayHaveALongPath() async throws {
        let fixture = try ProcessFixture()
        let root = fixture.root + String(repeating: "/" + String(repeating: "x", count: 60), count: 3)
        mkdirs(root)
        let host = ProcessHost(node: "0x00", stateRoot: root, keeper: ProcessParent.keeper.keeper)
        var launch = try ProcessBench(.host).launch(["echo", "here"])
        launch.logPath = root + "/log"
        launch.model.folder = root
        #expect(try await host.run(launch, input: []).output == Array("here\n".utf8))
        let folder = KeeperFolder(root + "/keepers")
        let name = try #require(folder.names().first)
        #expect(folder.connect(to: name) != nil)
        await host.shutdown()
        #expect(folder.names().isEmpty)
    }

    private func mkdirs(_ path: String) {
        var folder = ""
        for part in path.split(separator: "/") {
            folder += "/" + part
            mkdir(folder, 0o700)
        }
    }

    @Test func withoutAKeeperProcessesRunAllTheSame() async throws {
        let bench = try ProcessBench(.host)
        for program in ["/no/such/imflow", "/bin/true", "/bin/cat"] {
            let host = ProcessHost(node: "0x00", stateRoot: bench.fixture.state.root, keeper: program)
            #expect(try await host.run(bench.launch(["echo", "here"]), input: []).output == Array("here\n".utf8))
            await host.shutdown()
        }
    }

    @Test func aSocketThatNobodyServesIsRemoved() throws {
        let fixture = try ProcessFixture()
        let folder = KeeperFolder(fixture.state.keepers)
        close(try #require(folder.listen(as: "dead")))
        #expect(folder.names() == ["dead"])
        #expect(folder.connect(to: "dead") == nil)
        #expect(folder.names().isEmpty)
    }

    @Test func whoSpeaksOtherwiseIsLeftAlone() async throws {
        let fixture = try ProcessFixture()
        let folder = KeeperFolder(fixture.state.keepers)
        let listener = try #require(folder.listen(as: "newer"))
        defer { close(listener) }
        // Who connects is served by the backlog until it is accepted.
        let served = Thread {
            var watched = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            poll(&watched, 1, -1)
            KeeperChannel(owning: accept(listener, nil, nil)).send(.hello, Array("imflow.keeper/99".utf8))
        }
        #expect(folder.connect(to: "newer") == nil)
        served.join()
        #expect(folder.names() == ["newer"])
    }

    @Test func whatIsNoMessageEndsAConversation() throws {
        for bytes: [UInt8] in [[], [0], [200, 0, 0, 0, 0], [2, 255, 255, 255, 255], [2, 5, 0, 0, 0, 1]] {
            let (one, other) = try KeeperChannel.pair()
            #expect(write(one.descriptor, bytes, bytes.count) == bytes.count)
            one.hangUp()
            #expect(other.receive() == nil, "\(bytes)")
        }
    }

    @Test func ordersAndExitsTravelWholeAndOnlyWhole() throws {
        let program = Program(
            model: "m", path: "/bin/é", folder: "/", name: "é", arguments: ["", "a b"], variables: ["A": "=\n"])
        let order = ProgramOrder(
            key: "t/0", program: program, logPath: "/l", redactor: SecretRedactor(["secret", "other secret"]),
            recordPath: "/r", marks: [])
        let back = try #require(ProgramOrder(body: order.body))
        #expect(back.key == order.key && back.program == program && back.logPath == "/l" && back.recordPath == "/r")
        #expect(back.redactor.secrets == order.redactor.secrets)
        for exit in [
            Exit(code: 255, outOfMemory: true, output: [0, 1], outputTruncated: true), Exit(code: nil, signal: 9),
        ] {
            #expect(Exit(body: exit.body) == exit)
            for count in 0..<exit.body.count { #expect(Exit(body: Array(exit.body.prefix(count))) == nil) }
        }
        for count in 0..<40 { #expect(ProgramOrder(body: Array(order.body.prefix(count))) == nil) }
        #expect(Program(model: "m", path: "/", folder: "/", words: [65], variables: []) == nil)
        #expect(Program(model: "m", path: "/", folder: "/", words: [], variables: []) == nil)
    }

    @Test func aRecordIsTakenOnceByWhomItConcerns() throws {
        let fixture = try ProcessFixture()
        let path = fixture.root + "/unit.exit"
        let exit = Exit(code: 3, output: Array("out".utf8))
        ExitRecord.write(exit, of: "a/0", to: path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(ExitRecord.take(path, of: "a/0") == exit)
        #expect(ExitRecord.take(path, of: "a/0") == nil)
        ExitRecord.write(exit, of: "a/0", to: path)
        #expect(ExitRecord.take(path, of: "b/0") == nil)
        #expect(access(path, F_OK) != 0)
        try TemporaryFolder.write("garbage", to: path)
        #expect(ExitRecord.take(path, of: "a/0") == nil)
        ExitRecord.write(exit, of: "a/0", to: fixture.root + "/gone/unit.exit")
    }
}

/// A thread that runs a body to its end.
private final class Thread {
    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    private var thread = pthread_t()

    init(_ run: @escaping () -> Void) {
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(Body(run)).toOpaque())
    }

    func join() { pthread_join(thread, nil) }
}
