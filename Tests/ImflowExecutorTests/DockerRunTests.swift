import Glibc
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

extension DockerTests {
    @Suite struct Run {
        let bench: DockerBench

        init() throws { bench = try DockerBench() }

        @Test func requestAndResultKeepEveryByte() async throws {
            let input = Array(#"{"input":{"text":"äöü"}}"#.utf8) + [0, 0xFF, 0x0A, 0x0D, 0xC3]
            let exit = try await bench.host.run(try bench.launch(["/bin/cat"]), input: input)
            #expect(exit == Exit(code: 0, output: input))
            #expect(try await bench.containers().isEmpty)
        }

        @Test func longLinesOfWideCharactersAreNotBrokenWhereTheEngineCutsThem() async throws {
            let input = Array(String(repeating: "äöüßéèà", count: 30_000).utf8)
            let exit = try await bench.host.run(try bench.launch(["/bin/cat"]), input: input)
            #expect(exit.output == input)
        }

        @Test func requestLargerThanAnySocketBufferArrivesWhole() async throws {
            let exit = try await bench.host.run(
                try bench.launch(["/bin/wc", "-c"]), input: [UInt8](repeating: 0x61, count: 8_000_000))
            #expect(String(decoding: exit.output, as: UTF8.self) == "8000000\n")
        }

        @Test func programThatDoesNotReadItsRequestEndsAsItPleases() async throws {
            let small = try await bench.host.run(try bench.launch(["/bin/true"]), input: [0x7B, 0x7D])
            let large = try await bench.host.run(
                try bench.launch(["/bin/false"]), input: [UInt8](repeating: 0x61, count: 8_000_000))
            #expect(small == Exit(code: 0))
            #expect(large == Exit(code: 1))
        }

        @Test func imagesOwnCommandRunsWhenTheModelHasNone() async throws {
            // The image's command is /bin/sh.
            let exit = try await bench.host.run(try bench.launch([]), input: Array("echo from the image".utf8))
            #expect(exit == Exit(code: 0, output: Array("from the image\n".utf8)))
        }

        @Test(arguments: [
            ("exit 3", Exit(code: 3)), ("exit 128", Exit(code: 128)), ("exit 255", Exit(code: 255)),
            ("kill -9 $$", Exit(code: nil, signal: 9)), ("kill -TERM $$", Exit(code: nil, signal: 15)),
            ("exec /no/such/program", Exit(code: 127)),
        ])
        func endIsToldAsItWas(script: String, exit: Exit) async throws {
            #expect(try await bench.host.run(try bench.shell(script), input: []) == exit)
        }

        @Test func filesInTheWorkFolderAreOursOutside() async throws {
            let launch = try bench.shell("cp /imflow/work/in /imflow/work/out && mkdir /imflow/work/sub")
            #expect(bench.host.guestFolder(for: launch.workFolder) == "/imflow/work")
            #expect(mknod(bench.workFile("in"), S_IFREG | 0o400, 0) == 0)
            #expect(try await bench.host.run(launch, input: []).code == 0)
            var status = stat()
            #expect(stat(bench.workFile("out"), &status) == 0)
            #expect(status.st_uid == geteuid())
            #expect(rmdir(bench.workFile("sub")) == 0)
        }

        @Test func environmentIsTheModelsThenTheLaunchs() async throws {
            var launch = try bench.launch(["/bin/sh", "-c", "echo $A-$B-$C"]) {
                $0.environment = ["A": "model", "B": "model", "C": "x=${PATH}"]
            }
            launch.environment = ["B": "launch"]
            let exit = try await bench.host.run(launch, input: [])
            let path = try #require(getenv("PATH").map { String(cString: $0) })
            #expect(String(decoding: exit.output, as: UTF8.self) == "model-launch-x=\(path)\n")
        }

        @Test func standardErrorIsAppendedToTheLogAndBounded() async throws {
            _ = try await bench.host.run(try bench.shell("echo first >&2; echo result"), input: [])
            _ = try await bench.host.run(
                try bench.shell("echo second >&2; dd if=/dev/zero bs=1M count=20 | tr '\\0' z >&2"), input: [])
            let log = try bench.log()
            #expect(log.hasPrefix("first\nsecond\n"))
            #expect(log.utf8.count == Launch.logLimit)
        }

        @Test func floodOfOutputIsCutOffAndTheProgramEndsAsItPleases() async throws {
            let exit = try await bench.host.run(
                try bench.shell("dd if=/dev/zero bs=1M count=200 2>/dev/null; exit 6"), input: [])
            #expect(exit.code == 6)
            #expect(exit.outputTruncated)
            #expect(exit.output.count == Launch.outputLimit)
            #expect(try await bench.containers().isEmpty)
        }

        @Test func resultBehindAFloodOfErrorsIsNotLost() async throws {
            let exit = try await bench.host.run(
                try bench.shell("dd if=/dev/zero bs=1M count=60 2>/dev/null | tr '\\0' e >&2; echo result"), input: [])
            #expect(exit == Exit(code: 0, output: Array("result\n".utf8)))
            #expect(try bench.log().utf8.count == Launch.logLimit)
        }

        @Test func manyRunAtOnce() async throws {
            let outputs = try await withThrowingTaskGroup(of: String.self) { group in
                for unit in 0..<8 {
                    let launch = try bench.launch(["/bin/cat"], task: "words-0\(unit)", unit: unit, token: "t\(unit)")
                    group.addTask {
                        String(
                            decoding: try await bench.host.run(launch, input: Array("\(unit)".utf8)).output,
                            as: UTF8.self)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outputs.sorted() == (0..<8).map(String.init))
            #expect(try await bench.containers().isEmpty)
        }

        @Test func missingImageIsNamedWithTheWayToGetIt() async throws {
            let launch = try bench.launch(["/bin/true"], image: "imflow-test/no-such-image:7")
            let failure = await failure { _ = try await bench.host.run(launch, input: []) }
            #expect(failure?.cause == .app)
            #expect(failure?.message.contains("docker pull imflow-test/no-such-image:7") == true)
            #expect(try await bench.containers().isEmpty)
        }

        @Test func preflightFindsWhatIsMissing() async throws {
            let there = try bench.launch([]).model
            try await bench.host.preflight([there])
            for image in ["imflow-test/no-such-image:7", "No Such/Image?x=1"] {
                let missing = try bench.launch([], image: image).model
                let failure = await failure { try await bench.host.preflight([there, missing]) }
                #expect(failure?.cause == .app)
                #expect(failure?.message.contains(image) == true)
            }
        }

        @Test func imageNameThatIsNoneIsRefused() async throws {
            let launch = try bench.launch(["/bin/true"], image: "No Such/Image&x=1")
            #expect(await failure { _ = try await bench.host.run(launch, input: []) }?.cause == .app)
        }

        @Test func memoryBelowWhatTheEngineTakesIsRefusedForGood() async throws {
            let launch = try bench.launch(["/bin/true"]) { $0.resources.memory = ByteCount(bytes: 1024) }
            let failure = await failure { _ = try await bench.host.run(launch, input: []) }
            #expect(failure?.cause == .app)
            #expect(failure?.message.contains("emory") == true)
        }

        @Test func missingGPUIsSaid() async throws {
            // Where there is one, nothing is refused.
            guard access("/dev/nvidiactl", F_OK) != 0 else { return }
            let launch = try bench.launch(["/bin/true"]) { $0.resources.gpu = GPURequest(count: 1) }
            let failure = await failure { _ = try await bench.host.run(launch, input: []) }
            #expect(failure?.cause == .app)
            #expect(failure?.message.contains("GPU") == true)
            #expect(try await bench.containers().isEmpty)
        }
    }
}

/// No engine is needed to find out that there is none.
@Suite struct DockerWithoutEngineTests {
    private func failureOverSocket(_ socket: String) async throws -> Failure? {
        let bench = try DockerBench(engine: .unix(socket))
        let launch = try bench.launch(["/bin/true"])
        let failure = await failure { _ = try await bench.host.run(launch, input: []) }
        await bench.host.sweep(job: bench.job, keeping: [])
        await bench.host.shutdown()
        return failure
    }

    @Test func socketThatIsNotThere() async throws {
        let failure = try await failureOverSocket("/tmp/imflow-no-such.sock")
        #expect(
            failure
                == Failure(
                    .infra,
                    "no Docker engine answers at /tmp/imflow-no-such.sock: start it, or choose --executor process"))
    }

    @Test func socketThatRefuses() async throws {
        let bench = try DockerBench()
        let path = bench.folder + "/dead.sock"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        // Bound, never listening.
        #expect(DockerBench.withUnixAddress(path) { bind(descriptor, $0, $1) } == 0)
        defer { close(descriptor) }
        let failure = try await failureOverSocket(path)
        #expect(failure?.cause == .infra)
        #expect(failure?.message.hasPrefix("no Docker engine answers at \(path)") == true)
    }

    /// Root may use any socket.
    @Test(.enabled(if: geteuid() != 0)) func socketThatIsNotOurs() async throws {
        let bench = try DockerBench()
        let path = bench.folder + "/closed.sock"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        #expect(DockerBench.withUnixAddress(path) { bind(descriptor, $0, $1) } == 0)
        defer { close(descriptor) }
        #expect(chmod(path, 0) == 0)
        #expect(try await failureOverSocket(path)?.message.hasPrefix("no permission") == true)
    }
}
