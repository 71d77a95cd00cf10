import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowDocker
@testable import ImflowInvocation

extension DockerTests {
    /// An engine that answers slowly, half, or nonsense. Nothing hangs, nothing is left, and the model is not to blame.
    @Suite struct Faults {
        private static let requests = ["GET /_ping", "/images/", "/containers/create", "/start", "/attach", "/wait", "/logs", "DELETE "]

        private let bench: DockerBench

        init() throws { bench = try DockerBench() }

        private func faulty(_ name: String) throws -> (FaultyProxy, DockerBench) {
            let proxy = try FaultyProxy(in: bench.folder, before: EngineAddress.standardSocket)
            return (proxy, try DockerBench(folder: bench.folder, job: bench.job + name, engine: .unix(proxy.path)))
        }

        private func expectNothingIsLeft(_ job: String) async throws {
            await bench.host.sweep(job: job, keeping: [])
            #expect(try await bench.containers(job: job).isEmpty)
            #expect(try await bench.networks(job: job).isEmpty)
        }

        @Test(
            .timeLimit(.minutes(10)), arguments: requests,
            [FaultyProxy.Fault.cut(after: 0), .cut(after: 40), .noise(after: 0), .noise(after: 200)])
        func aSpoiledAnswerIsTheEnginesFault(request: String, fault: FaultyProxy.Fault) async throws {
            let (proxy, spoiled) = try faulty("-spoiled")
            defer { proxy.close() }
            proxy.spoil(request, fault)
            let launch = try spoiled.launch(["/bin/cat"])
            do throws(Failure) {
                let exit = try await spoiled.host.run(launch, input: Array("text".utf8))
                // What could be asked again, or was not needed, does no harm; noise may pass for what the program wrote.
                #expect(exit.code == 0)
                if case .cut = fault { #expect(exit.output == Array("text".utf8)) }
            } catch {
                #expect([.infra, .lost].contains(error.cause), "\(error)")
                #expect(error.message.contains("engine") || error.message.contains("image"), "\(error)")
            }
            proxy.spoil("", nil)
            // The same engine, well again, serves the next attempt.
            var second = launch
            second.attempt = 2
            let next = try await spoiled.host.run(second, input: Array("next".utf8))
            #expect(next == Exit(code: 0, output: Array("next".utf8)))
            await spoiled.host.shutdown()
            try await expectNothingIsLeft(spoiled.job)
        }

        @Test(.timeLimit(.minutes(10))) func aSlowEngineIsWaitedFor() async throws {
            let (proxy, slow) = try faulty("-slow")
            defer { proxy.close() }
            proxy.spoil("", .trickle)
            let exit = try await slow.host.run(try slow.launch(["/bin/cat"]), input: Array("text".utf8))
            #expect(exit == Exit(code: 0, output: Array("text".utf8)) && proxy.hits > 4)
            await slow.host.shutdown()
            try await expectNothingIsLeft(slow.job)
        }

        /// It takes requests and says nothing more: the attempt is lost as soon as that is sure, not when every exchange has
        /// run into its own limit.
        @Test(.timeLimit(.minutes(10)), arguments: [0, 60]) func anEngineThatFallsSilentLosesItsAttempts(after count: Int) async throws {
            let (proxy, silent) = try faulty("-silent")
            defer { proxy.close() }
            var patience = DockerEngines.Patience()
            patience.interval = TimeSpan(milliseconds: 50)
            patience.answer = TimeSpan(seconds: 5)
            patience.firstPause = TimeSpan(milliseconds: 50)
            let engines = DockerEngines(
                [try EngineEntry("unix://" + proxy.path)], node: DockerBench.node, stateRoot: bench.folder,
                patience: patience, note: { _ in })
            let launch = try silent.shell("sleep 1000")
            try await engines.preflight([launch.model])
            let order = WorkOrder(
                job: silent.job, task: "t", stage: "s", attempt: 1, token: "t0", work: .fetch(FetchWork(input: .null, pointers: [])))
            let seat = try await engines.seat(for: order, model: launch.model)
            let host = seat.host
            let run = Task {
                await seat.occupied { () -> Result<Exit, Failure> in
                    do throws(Failure) { return .success(try await host.run(launch, input: [])) } catch { return .failure(error) }
                }
            }
            try await silent.until("a running container") {
                try await bench.containers(job: silent.job).first?["State"]?.stringValue == "running"
            }
            proxy.spoil("", .stall(after: count))
            let ended: Result<Exit, Failure> = await run.value
            guard case .failure(let failure) = ended else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.cause == .lost && failure.message.contains("went away"), "\(failure)")
            seat.leave()
            proxy.spoil("", nil)
            // It is taken back when it answers, without what it still had.
            let again = try await engines.seat(for: order, model: launch.model)
            #expect(try await bench.containers(job: silent.job).isEmpty)
            again.leave()
            await engines.shutdown()
            try await expectNothingIsLeft(silent.job)
        }
    }
}
