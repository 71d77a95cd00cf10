import Foundation
import Glibc
import ImflowDocker
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

/// What must hold however an engine is reached.
struct EngineDemands {
    let bench: DockerBench

    /// Small enough to be wholly on its way before the program starts, and far larger than any buffer between.
    func requestsAndResultsKeepEveryByte() async throws {
        for count in [0, 1, 60_000, 3_000_000] {
            let input = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let exit = try await bench.host.run(try bench.launch(["/bin/cat"]), input: input)
            #expect(exit == Exit(code: 0, output: input))
        }
        #expect(try await bench.containers().isEmpty)
    }

    func endsAreTold() async throws {
        let quiet = try await bench.host.run(
            try bench.launch(["/bin/false"]), input: [UInt8](repeating: 0x61, count: 3_000_000))
        #expect(quiet == Exit(code: 1))
        let killed = try await bench.host.run(try bench.shell("echo out; echo log >&2; kill -9 $$"), input: [])
        #expect(killed == Exit(code: nil, signal: 9, output: Array("out\n".utf8)))
        // Podman's init process may have a word of its own to say.
        let log = try bench.log()
        #expect(log.split(separator: "\n").contains("log"), "\(log)")
    }

    func manyRunAtOnce() async throws {
        let outputs = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for unit in 0..<6 {
                let launch = try bench.launch(["/bin/cat"], task: "words-0\(unit)", unit: unit, token: "t\(unit)")
                group.addTask { try await bench.host.run(launch, input: Array("\(unit)".utf8)).output }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(outputs) == Set((0..<6).map { Array("\($0)".utf8) }))
    }

    func cancellingLeavesNothing() async throws {
        let launch = try bench.shell("trap '' TERM INT; sleep 1000 & wait; sleep 1000")
        let run = Task { try await bench.host.run(launch, input: []) }
        try await bench.until("a running container") {
            try await bench.containers().first?["State"]?.stringValue == "running"
        }
        run.cancel()
        #expect(await failure { _ = try await run.value }?.cause == .cancelled)
        #expect(try await bench.containers().isEmpty)
    }

    /// A warm instance, its log and its end.
    func instancesAnswer() async throws {
        let launch = try bench.launch(
            ["python3", "-c", DockerTests.Instance.server], image: bench.engine.python, task: "warm", unit: nil,
            token: "w1"
        ) {
            $0.callProtocol = .rest
        }
        let instance = try await bench.host.start(launch)
        let base = try #require(instance.baseURL)
        try await bench.untilAnswers(base + "/health", over: instance.socket)
        await instance.stop()
        #expect(try bench.log(task: "warm").contains("listening\n"))
        await bench.host.sweep(job: bench.job, keeping: [])
        #expect(try await bench.containers().isEmpty)
        #expect(try await bench.networks().isEmpty)
    }
}

extension OtherEngineTests {
    /// A second dockerd that takes certificates only.
    @Suite(
        .serialized, .engine(.secure),
        .enabled(if: StartedEngine.isExpected(.secure), "dockerd, ip or openssl is missing: Tools/install test"))
    struct Secure {
        let demands: EngineDemands

        init() throws { demands = EngineDemands(bench: try DockerBench(engine: StartedEngine.engine)) }

        @Test func requestsAndResultsKeepEveryByte() async throws { try await demands.requestsAndResultsKeepEveryByte() }
        @Test func endsAreTold() async throws { try await demands.endsAreTold() }
        @Test func manyRunAtOnce() async throws { try await demands.manyRunAtOnce() }
        @Test func cancellingLeavesNothing() async throws { try await demands.cancellingLeavesNothing() }
        @Test func instancesAnswer() async throws { try await demands.instancesAnswer() }

        private func refusal(_ change: (inout TLSCertificates) -> Void) async throws -> Failure? {
            guard case .success(.tcp(let host, let port, var certificates?)) = StartedEngine.engine.address else {
                Issue.record("the engine is not reached over TLS")
                return nil
            }
            change(&certificates)
            let address = EngineAddress.tcp(host: host, port: port, certificates: certificates)
            let bench = try DockerBench(engine: TestEngine(address: .success(address)))
            return await failure { try await bench.host.preflight([try bench.launch([]).model]) }
        }

        @Test func nobodyComesInWithoutACertificate() async throws {
            let refused = try await refusal {
                $0.certificate = nil
                $0.key = nil
            }
            #expect(refused?.cause == .infra)
            #expect(refused?.message.contains("certificate") == true, "\(refused as Any)")
        }

        @Test func whoAnswersMustBeVouchedFor() async throws {
            let refused = try await refusal { $0.authority = nil }
            #expect(refused?.cause == .infra)
            #expect(refused?.message.contains("certificate") == true, "\(refused as Any)")
        }

        @Test func missingAndBrokenFilesAreNamed() async throws {
            let missing = try await refusal { $0.key = "/no/such/key.pem" }
            #expect(missing?.message.hasPrefix("/no/such/key.pem cannot be read (no such file or directory)") == true)
            let broken = try await refusal { $0.key = $0.authority }
            #expect(broken?.cause == .infra)
            #expect(broken?.message.contains("no Docker engine answers at tcp://127.0.0.1") == true, "\(broken as Any)")
        }
    }

    /// The usual engine over ssh.
    @Suite(
        .serialized, .engine(.ssh),
        .enabled(if: StartedEngine.isExpected(.ssh), "sshd is missing: Tools/install test"))
    struct SSH {
        let demands: EngineDemands

        init() throws { demands = EngineDemands(bench: try DockerBench(engine: StartedEngine.engine)) }

        @Test func requestsAndResultsKeepEveryByte() async throws { try await demands.requestsAndResultsKeepEveryByte() }
        @Test func endsAreTold() async throws { try await demands.endsAreTold() }
        @Test func manyRunAtOnce() async throws { try await demands.manyRunAtOnce() }
        @Test func cancellingLeavesNothing() async throws { try await demands.cancellingLeavesNothing() }
        @Test func instancesAnswer() async throws { try await demands.instancesAnswer() }

        private func failureOf(_ change: (inout SSHDestination) -> Void) async throws -> Failure? {
            guard case .success(.ssh(var destination)) = StartedEngine.engine.address else { return nil }
            change(&destination)
            let bench = try DockerBench(engine: TestEngine(address: .success(.ssh(destination))))
            return await failure { try await bench.host.preflight([try bench.launch([]).model]) }
        }

        @Test func strangersKeyIsRefusedInTheWordsOfSSH() async throws {
            let known = StartedEngine.folder + "/known_hosts"
            let keys = try String(contentsOfFile: known, encoding: .utf8)
            let own = try String(contentsOfFile: StartedEngine.folder + "/user_key.pub", encoding: .utf8)
            let place = keys.prefix { $0 != " " }
            try "\(place) \(own)".write(toFile: known, atomically: true, encoding: .utf8)
            let refused = try await failureOf { _ in }
            try keys.write(toFile: known, atomically: true, encoding: .utf8)
            #expect(refused?.cause == .infra)
            #expect(refused?.message.contains("Host key verification failed") == true, "\(refused as Any)")
        }

        @Test func nobodyIsAskedForAPassword() async throws {
            let refused = try await failureOf { $0.user = "nobody" }
            #expect(refused?.message.contains("Permission denied (publickey)") == true, "\(refused as Any)")
        }

        @Test func farSocketThatIsNotThereIsNamed() async throws {
            // ssh may tell why a moment after the connection was closed.
            var refused: Failure?
            try await demands.bench.until("ssh's own words") {
                refused = try await failureOf { $0.socket = "/no/such.sock" }
                return refused?.message.contains("open failed") == true
            }
            #expect(refused?.cause == .infra)
            #expect(refused?.message.contains("/no/such.sock") == true, "\(refused as Any)")
        }

        /// The connection is made anew, and nothing of the old one is left.
        @Test func brokenTunnelIsMadeAgain() async throws {
            let bench = demands.bench
            let model = try bench.launch([]).model
            try await bench.host.preflight([model])
            let tunnels = { () -> [pid_t] in Tunnels.of(StartedEngine.folder) }
            let first = try #require(tunnels().first)
            kill(first, SIGKILL)
            try await bench.until("the tunnel's end") { !tunnels().contains(first) }
            try await bench.until("the engine again") {
                (try? await bench.host.run(try bench.launch(["/bin/true"]), input: []))?.code == 0
            }
            let second = try #require(tunnels().first)
            #expect(second != first)
            await bench.host.shutdown()
            #expect(!tunnels().contains(second))
        }
    }
}
