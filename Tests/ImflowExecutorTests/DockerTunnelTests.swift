import Foundation
import Glibc
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Testing

@testable import ImflowDocker

extension DockerTests {
    /// Models that listen on an engine that is reached by ssh: its containers' ports are carried here.
    @Suite(
        .serialized, .engine(.ssh),
        .enabled(if: StartedEngine.isExpected(.ssh), "sshd is missing: Tools/install test"))
    struct Tunnel {
        /// What depends on how an instance is reached, and on where its files are.
        private static let cases = ExecutorConformance.cases.filter { demand in
            [
                "rest: an instance that ended between", "rest: files go in and out", "oip: files are sent", "cog: files",
            ].contains { demand.name.hasPrefix($0) }
        }

        @Test(arguments: cases) func archived(demand: ConformanceCase) async throws {
            try await demand.run(on: DockerFixture(engine: StartedEngine.engine, files: .archive))
        }

        @Test(arguments: cases.filter { $0.name.hasPrefix("rest: files") })
        func mounted(demand: ConformanceCase) async throws {
            try await demand.run(on: DockerFixture(engine: StartedEngine.engine, files: .bind))
        }

        private func launch(_ bench: DockerBench, token: String) throws -> Launch {
            try bench.launch(
                ["python3", "-c", Instance.server], image: bench.engine.python, task: "warm", unit: nil, token: token
            ) { $0.callProtocol = .rest }
        }

        /// Sockets of nobody else's, as long as the instance is there, and no open port.
        @Test func whatLeadsToAnInstanceIsOursAloneAndGoesWithIt() async throws {
            let bench = try DockerBench(engine: StartedEngine.engine)
            let first = try await bench.host.start(try launch(bench, token: "w1"))
            let second = try await bench.host.start(try launch(bench, token: "w2"))
            let sockets = try [#require(first.socket), #require(second.socket)]
            #expect(sockets[0] != sockets[1])
            for (instance, socket) in zip([first, second], sockets) {
                try await bench.untilAnswers(try #require(instance.baseURL) + "/health", over: socket)
                var status = stat()
                let folder = String(socket[..<(socket.lastIndex(of: "/") ?? socket.startIndex)])
                #expect(stat(folder, &status) == 0 && status.st_mode & 0o777 == 0o700 && status.st_uid == geteuid())
                #expect(stat(socket, &status) == 0 && status.st_mode & 0o777 == 0o600)
            }
            let tunnel = try #require(Tunnels.of(StartedEngine.folder).first)
            #expect(Tunnels.of(StartedEngine.folder) == [tunnel] && !Tunnels.listens(tunnel))
            let folder = try #require(Tunnels.folder(of: tunnel))
            #expect(sockets.allSatisfy { $0.hasPrefix(folder + "/") })
            await first.stop()
            #expect(access(sockets[0], F_OK) != 0)
            try await bench.untilAnswers(try #require(second.baseURL) + "/health", over: sockets[1])
            await second.stop()
            await bench.host.sweep(job: bench.job, keeping: [])
            #expect(try await bench.networks().isEmpty)
            await bench.host.shutdown()
            #expect(Tunnels.of(StartedEngine.folder).isEmpty && access(folder, F_OK) != 0)
        }

        /// Nobody knows how far the model came; another instance, over another connection, takes the next attempt.
        @Test func aConnectionThatBreaksInARequestLosesTheAttempt() async throws {
            let fixture = try DockerFixture(engine: StartedEngine.engine, files: .archive)
            let model = try await fixture.model(
                running: ModelProgram(.python, RestServer.source, callProtocol: .rest))
            let executor = CallExecutor(
                state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in fixture.host },
                instanceLimit: 2, hosts: [fixture.host])
            func order(_ input: JSONObject, _ attempt: Int) throws -> WorkOrder {
                let units = [Unit(geometry: ["index": 0], set: input).json]
                let work = CallWork.Input.shard(
                    shared: try fixture.content.payload([:]), units: try fixture.content.payload(.array(units)))
                return WorkOrder(
                    job: fixture.bench.job, task: "t", stage: "s", attempt: attempt, token: "t\(attempt)",
                    work: .call(CallWork(model: model, input: work)))
            }
            let hanging = try order(["mode": "hang"], 1)
            let run = Task { await executor.run(hanging) { _ in } }
            let logs = fixture.state.logs(job: fixture.bench.job)
            try await fixture.bench.until("the request") {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
                return names.contains { (try? String(contentsOfFile: logs + "/" + $0, encoding: .utf8))?.contains("hanging") == true }
            }
            let broken = try #require(Tunnels.of(StartedEngine.folder).first)
            var folders = [try #require(Tunnels.folder(of: broken))]
            kill(broken, SIGKILL)
            guard case .failed(let failure) = await run.value.outcome else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.cause == .lost && failure.message.contains("ssh connection"), "\(failure)")
            guard case .succeeded = await executor.run(try order([:], 2), progress: { _ in }).outcome else {
                Issue.record("the next attempt failed")
                return
            }
            // One whose connection broke while nobody asked is replaced before it is asked.
            let idle = try #require(Tunnels.of(StartedEngine.folder).first)
            #expect(idle != broken)
            folders.append(try #require(Tunnels.folder(of: idle)))
            kill(idle, SIGKILL)
            try await fixture.bench.until("its end") { !Tunnels.of(StartedEngine.folder).contains(idle) }
            let third = await executor.run(try order([:], 3), progress: { _ in })
            guard case .succeeded = third.outcome else {
                Issue.record("\(third.outcome)")
                return
            }
            let last = try #require(Tunnels.of(StartedEngine.folder).first)
            folders.append(try #require(Tunnels.folder(of: last)))
            await executor.shutdown()
            await executor.sweep(job: fixture.bench.job, keeping: [])
            #expect(try await fixture.remains().isEmpty)
            await fixture.bench.host.shutdown()
            #expect(Tunnels.of(StartedEngine.folder).isEmpty && folders.allSatisfy { access($0, F_OK) != 0 })
        }
    }

    /// An engine over TCP whose networks are this machine's.
    @Suite(
        .serialized, .engine(.secure),
        .enabled(if: StartedEngine.isExpected(.secure), "dockerd, ip or openssl is missing: Tools/install test"))
    struct NearTCP {
        @Test func modelsThatListenMayRunThere() async throws {
            let bench = try DockerBench(engine: StartedEngine.engine, files: .archive)
            var model = try bench.launch([]).model
            model.callProtocol = .rest
            let ways = bench.host.ways
            #expect(bench.host.obstacle(to: model, nil)?.contains("ssh://USER@HOST") == true)
            try await ways.explore(for: [try bench.launch([]).model])
            #expect(bench.host.obstacle(to: model, nil) != nil)
            try await bench.host.preflight([model])
            #expect(bench.host.obstacle(to: model, nil) == nil)
            let label = "imflow.probe=" + bench.host.identity.state
            #expect(try await bench.labelled(label, "/networks?filters=").arrayValue == [])
            let far = EngineInfo(cores: 1, memory: 1, hasGPU: false)
            #expect(bench.host.obstacle(to: model, far) == nil)
        }
    }
}
