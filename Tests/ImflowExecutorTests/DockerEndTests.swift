import Foundation
import Glibc
import ImflowExecution
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Testing

@testable import ImflowDocker
@testable import ImflowInvocation

extension DockerTests {
    /// Who ended a container, as the engine's own record tells.
    @Suite struct Ends {
        let bench: DockerBench

        init() throws { bench = try DockerBench() }

        /// Runs a program, does something to its container once it has said `ready`, and answers how it ended.
        private func end(
            of script: String, on bench: DockerBench? = nil, after disturb: (String) async throws -> Void
        ) async throws -> Exit {
            let bench = bench ?? self.bench
            let launch = try bench.shell(script)
            let run = Task { try await bench.host.run(launch, input: []) as Exit }
            try await bench.until("the program's word") { (try? bench.log().contains("ready")) == true }
            try await disturb(try #require(try await bench.containers().first?["Id"]?.stringValue))
            return try await run.value
        }

        @Test func aStopIsNoDoingOfTheProgram() async throws {
            let exit = try await end(of: "trap 'exit 7' TERM; echo ready >&2; while :; do usleep 10000; done") {
                try await bench.tell("POST", "/containers/\($0)/stop?t=60")
            }
            #expect(exit.code == 7 && exit.interruption == .commanded)
            #expect(exit.failure(of: "m", log: "").cause == .preempted)
            #expect(exit.sentence.contains("from outside") && exit.sentence.contains("code 7"))
        }

        /// A signal that it takes is none that ended it.
        @Test func aProgramThatTakesASignalAndFailsLaterHasFailed() async throws {
            let exit = try await end(
                of: "trap 'echo again' HUP; echo ready >&2; while [ ! -e /imflow/work/go ]; do usleep 10000; done; exit 3"
            ) {
                try await bench.tell("POST", "/containers/\($0)/kill?signal=HUP")
                close(open(bench.workFile("go"), O_CREAT | O_WRONLY, 0o600))
            }
            #expect(exit == Exit(code: 3, output: exit.output))
        }

        @Test func aProgramThatEndsWellIsTakenAtItsWord() async throws {
            let exit = try await end(of: "trap 'exit 0' TERM; echo ready >&2; while :; do usleep 10000; done") {
                try await bench.tell("POST", "/containers/\($0)/stop?t=60")
            }
            #expect(exit == Exit(code: 0))
        }

        /// Its server lives on, and breaks off its answer.
        @Test func aWorkerThatTakesTooMuchMemoryIsTold() async throws {
            let source = """
                import http.server, os
                class Handler(http.server.BaseHTTPRequestHandler):
                    def do_GET(self):
                        self.send_response(200)
                        self.end_headers()
                    def do_POST(self):
                        worker = os.fork()
                        if worker == 0:
                            big = bytearray(1 << 30)
                        os.waitpid(worker, 0)
                        self.connection.shutdown(2)
                http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
                """
            let fixture = try DockerFixture()
            var model = try await fixture.model(running: ModelProgram(.python, source, callProtocol: .rest))
            model.resources.memory = ByteCount(bytes: 96 << 20)
            let executor = CallExecutor(
                state: fixture.state, staging: fixture.staging, client: .init(), host: { _ in fixture.host },
                instanceLimit: 1, hosts: [fixture.host])
            let context = InputContext(
                sources: [], jobInput: try fixture.content.payload([:]), key: nil, soleValueFallback: false, literal: [:],
                when: nil)
            for attempt in 1...2 {
                let order = WorkOrder(
                    job: fixture.bench.job, task: "t", stage: "s", attempt: attempt, token: "t\(attempt)",
                    work: .call(CallWork(model: model, input: .whole(context))))
                let report = await executor.run(order) { _ in }
                guard case .failed(let failure) = report.outcome else {
                    Issue.record("\(report.outcome)")
                    continue
                }
                #expect(failure.cause == .oom, "\(failure)")
            }
            await executor.shutdown()
            await executor.sweep(job: fixture.bench.job, keeping: [])
            #expect(try await fixture.remains().isEmpty)
        }
    }
}

extension OtherEngineTests {
    /// An engine that is killed in the middle of everything and started again.
    @Suite(
        .serialized, .engine(.secure),
        .enabled(if: StartedEngine.isExpected(.secure), "dockerd, ip or openssl is missing: Tools/install test"))
    struct Deaths {
        private struct Mortal: MortalEngine {
            let folder = StartedEngine.folder

            func killEngine() async throws { try await StartedEngine.run(.secure, "kill", folder) }
            func reviveEngine() async throws { try await StartedEngine.run(.secure, "revive", folder) }
        }

        private let engine = StartedEngine.engine

        @Test func attemptsAreNotToBlame() async {
            let engine = engine
            let cases = ContainerConformance.deaths(of: Mortal())
            await DockerFixture.expect(cases, atOnce: 1) { try DockerFixture(engine: engine) }
        }

        /// Both the engine and who waited are gone; the next engine ends what it finds.
        @Test func anAdoptedContainerThatEndedWithItsEngineIsNotToBlame() async throws {
            let bench = try DockerBench(engine: engine)
            let script = "echo ready >&2; sleep 1000"
            let launch = try bench.shell(script)
            let placed = try await bench.host.place(launch, input: .beforeStart, network: nil)
            try await bench.host.containers.start(placed.id, model: "probe")
            try await Mortal().killEngine()
            try await Mortal().reviveEngine()
            let later = try DockerBench(folder: bench.folder, job: bench.job, engine: engine)
            let again = try later.shell(script, recovered: true)
            let exit = try await later.host.run(again, input: [])
            #expect(exit.interruption == .commanded, "\(exit)")
            #expect(try await later.containers().isEmpty)
        }

        /// What could not be removed while the engine was away goes as soon as it is asked for something else.
        @Test func whatItStillHasIsRemovedWhenItIsBack() async throws {
            let bench = try DockerBench(engine: engine)
            let run = Task { try await bench.host.run(try bench.shell("echo ready >&2; sleep 1000"), input: []) }
            try await bench.until("the program's word") { (try? bench.log().contains("ready")) == true }
            try await Mortal().killEngine()
            #expect(await failure { _ = try await run.value }?.cause == .infra)
            try await Mortal().reviveEngine()
            #expect(try await bench.containers().count == 1)
            let next = try await bench.host.run(try bench.shell("true", task: "words-01"), input: [])
            #expect(next == Exit(code: 0))
            #expect(try await bench.containers().isEmpty)
        }
    }
}
