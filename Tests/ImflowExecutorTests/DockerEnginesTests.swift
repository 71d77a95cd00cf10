import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Synchronization
import Testing

@testable import ImflowDocker

extension OtherEngineTests {
    /// This machine's engine and one on a host of its own as one pool.
    @Suite(
        .serialized, .engine(.secure, options: ["--namespace"]),
        .enabled(if: StartedEngine.isExpected(.secure), "no second engine can be started: Tools/second-engine says why"))
    struct Engines {
        private let fixture: DockerFixture
        private let notes = Notes()
        private let near = "unix://" + EngineAddress.standardSocket
        private let far: String

        init() throws {
            fixture = try DockerFixture()
            far = (try? StartedEngine.engine.address.get().description) ?? ""
        }

        private func engines(
            nearSlots: Int = 1, farSlots: Int = 1, answer: TimeSpan = TimeSpan(seconds: 20)
        ) throws -> DockerEngines {
            var patience = DockerEngines.Patience()
            patience.interval = TimeSpan(milliseconds: 100)
            patience.answer = answer
            patience.firstPause = TimeSpan(milliseconds: 100)
            patience.longestPause = TimeSpan(milliseconds: 200)
            return DockerEngines(
                [
                    try EngineEntry("\(near),slots=\(nearSlots)"),
                    try EngineEntry("\(far),slots=\(farSlots),certs=\(StartedEngine.folder)/certs"),
                ], node: DockerBench.node, stateRoot: fixture.state.root, patience: patience, note: notes.take)
        }

        private func executor(_ engines: DockerEngines) -> CallExecutor {
            CallExecutor(
                state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in engines },
                instanceLimit: 4, hosts: [engines])
        }

        private func model(_ script: String, image: String = DockerBench.busybox) -> ModelPlan {
            ModelPlan(name: "probe", folder: fixture.bench.folder, image: image, command: ["sh", "-c", script])
        }

        private func order(_ model: ModelPlan, task: String, token: String, recovered: Bool = false) throws -> WorkOrder {
            let units = [Unit(geometry: ["index": 0], set: ["task": .string(task)]).json]
            return WorkOrder(
                job: fixture.bench.job, task: task, stage: "s", attempt: 1, token: token, recovered: recovered,
                work: .call(
                    CallWork(
                        model: model,
                        input: .shard(
                            shared: try fixture.content.payload([:]), units: try fixture.content.payload(.array(units))))))
        }

        private func result(_ report: AttemptReport) throws -> JSONValue? {
            guard case .succeeded(let payload) = report.outcome else { return nil }
            return try fixture.content.value(of: payload).arrayValue?.first
        }

        /// Containers of the job there.
        private func containers(of engine: TestEngine) async throws -> [JSONValue] {
            try await DockerBench(folder: fixture.bench.folder, job: fixture.bench.job, engine: engine).containers()
        }

        private func untilRunning(_ token: String, on engine: TestEngine) async throws {
            try await fixture.bench.until("a container of \(token)") {
                try await containers(of: engine).contains {
                    $0["Labels"]?["imflow.token"]?.stringValue == token && $0["State"]?.stringValue == "running"
                }
            }
        }

        private func expectNothingIsLeft() async throws {
            for engine in [TestEngine.usual, StartedEngine.engine] {
                #expect(try await containers(of: engine).isEmpty)
                let bench = try DockerBench(folder: fixture.bench.folder, job: fixture.bench.job, engine: engine)
                let filter = "%7B%22label%22%3A%5B%22imflow.job%3D\(fixture.bench.job)%22%5D%7D"
                #expect(try await bench.ask("/volumes?filters=" + filter)["Volumes"]?.arrayValue ?? [] == [])
            }
        }

        @Test func attemptsGoWhereThereIsRoom() async throws {
            let engines = try engines()
            let model = model("cat")
            try await engines.preflight([model])
            #expect(engines.places == 2)
            let first = try await engines.seat(for: try order(model, task: "a", token: "a"), model: model)
            let executor = executor(engines)
            let report = await executor.run(try order(model, task: "b", token: "b")) { _ in }
            #expect(Set([first.engine, report.engine]) == [near, far])
            #expect(try result(report)?["input"]?["task"] == "b")
            // Both are taken: a third waits, and may give up.
            let second = try await engines.seat(for: try order(model, task: "c", token: "c"), model: model)
            let third = Task { try await engines.seat(for: try order(model, task: "d", token: "d"), model: model).engine }
            second.leave()
            #expect(try await third.value == second.engine)
            let waiting = Task { try await engines.seat(for: try order(model, task: "e", token: "e"), model: model) }
            waiting.cancel()
            #expect(await failure { _ = try await waiting.value }?.cause == .cancelled)
            await executor.shutdown()
            try await expectNothingIsLeft()
        }

        @Test func anImageOfOneEngineRunsThere() async throws {
            let tag = "only-\(fixture.bench.job)"
            let tagged = try await HTTPClient().send(
                try StartedEngine.engine.request(
                    "POST", "/images/\(DockerBench.busybox)/tag?repo=imflow-test/busybox&tag=\(tag)"))
            #expect(tagged.status == 201)
            let engines = try engines(nearSlots: 9)
            let model = model("cat", image: "imflow-test/busybox:\(tag)")
            try await engines.preflight([model])
            let executor = executor(engines)
            for task in ["a", "b"] {
                #expect(await executor.run(try order(model, task: task, token: task)) { _ in }.engine == far)
            }
            let nowhere = self.model("cat", image: "imflow-test/busybox:nowhere")
            let missing = await failure { try await engines.preflight([nowhere]) }
            #expect(missing?.cause == .app && missing?.message.contains("imflow-test/busybox:nowhere") == true)
            await executor.shutdown()
            try await expectNothingIsLeft()
        }

        @Test func modelsThatListenAreRefusedWhereNobodyReachesThem() async throws {
            let entry = try EngineEntry("\(far),certs=\(StartedEngine.folder)/certs")
            let engines = DockerEngines([entry], node: DockerBench.node, stateRoot: fixture.state.root, note: notes.take)
            var model = model("cat")
            model.callProtocol = .oip
            let refused = await failure { try await engines.preflight([model]) }
            #expect(refused?.cause == .app && refused?.message.contains("ssh://USER@HOST") == true, "\(refused as Any)")
            #expect(refused?.message.contains("not on this machine") == true)
            model.callProtocol = .jsonl
            try await engines.preflight([model])
            await engines.shutdown()
            let bench = try DockerBench(folder: fixture.bench.folder, job: fixture.bench.job, engine: StartedEngine.engine)
            #expect(try await bench.labelled("imflow.probe", "/networks?filters=").arrayValue == [])
        }

        /// A killed daemon and a cut cable, which refuses nothing and ends nothing.
        @Test(arguments: [("kill", "revive"), ("cut", "mend")])
        func anEngineThatGoesAwayLosesItsAttemptsAndComesBackClean(end: String, begin: String) async throws {
            let engines = try engines(nearSlots: 1, farSlots: 4, answer: TimeSpan(seconds: 8))
            let patient = model("sleep 1000")
            try await engines.preflight([patient])
            let executor = executor(engines)
            let run = Task { await executor.run(try order(patient, task: "a", token: "late")) { _ in } }
            try await untilRunning("late", on: StartedEngine.engine)
            try await StartedEngine.run(.secure, end, StartedEngine.folder)
            let report = try await run.value
            guard case .failed(let failure) = report.outcome else {
                Issue.record("\(report.outcome)")
                return
            }
            #expect(failure.cause == .lost && failure.message.contains(far))
            #expect(report.engine == far)
            // The next attempt runs elsewhere, though the other had more room.
            let quick = model("cat")
            #expect(await executor.run(try order(quick, task: "a", token: "next")) { _ in }.engine == near)
            // What is swept meanwhile is swept where that can be.
            await executor.sweep(job: fixture.bench.job, keeping: [])
            #expect(notes.all.contains { $0.contains("is removed by the next") })

            try await StartedEngine.run(.secure, begin, StartedEngine.folder)
            try await notes.until("answers again")
            #expect(try await containers(of: StartedEngine.engine).isEmpty)
            #expect(await executor.run(try order(quick, task: "b", token: "b")) { _ in }.engine == far)
            await executor.shutdown()
            try await expectNothingIsLeft()
        }

        @Test func theEngineThatHoldsAnAttemptsContainersTakesItUpAgain() async throws {
            let model = model("cat >/dev/null; while [ ! -e /imflow/work/go ]; do usleep 20000; done; echo 7")
            let first = try engines(farSlots: 2)
            try await first.preflight([model])
            let old = executor(first)
            let run = Task { await old.run(try order(model, task: "a", token: "held")) { _ in } }
            try await untilRunning("held", on: StartedEngine.engine)
            // As if its process had died: nothing is cleaned up through it any more.
            for member in first.roster.members { member.link?.host.containers.engine.abandon() }

            let second = try engines(nearSlots: 9)
            try await second.preflight([model])
            let again = try order(model, task: "a", token: "held", recovered: true)
            let seat = try await second.seat(for: again, model: model)
            #expect(seat.engine == far)
            seat.leave()
            run.cancel()
            _ = try await run.value
            await second.sweep(job: fixture.bench.job, keeping: [])
            await second.shutdown()
            await first.shutdown()
            try await expectNothingIsLeft()
        }

        @Test func anEngineThatIsNotThereAtTheStartIsNamed() async throws {
            let entries = try [near, "tcp://127.0.0.1:1"].map { text throws(Failure) in try EngineEntry(text) }
            let model = model("cat")
            let strict = DockerEngines(entries, node: DockerBench.node, stateRoot: fixture.state.root, note: notes.take)
            let failure = await failure { try await strict.preflight([model]) }
            #expect(failure?.cause == .infra && failure?.message.contains("tcp://127.0.0.1:1") == true)
            let tolerant = DockerEngines(
                entries, node: DockerBench.node, stateRoot: fixture.state.root, isTolerant: true, note: notes.take)
            try await tolerant.preflight([model])
            #expect(notes.all.contains { $0.contains("tcp://127.0.0.1:1 is left out") })
            let seat = try await tolerant.seat(for: try order(model, task: "a", token: "a"), model: model)
            #expect(seat.engine == near)
            await tolerant.shutdown()
        }
    }
}

/// What a pool told.
private final class Notes: Sendable {
    private let state = Mutex<[String]>([])
    private let bell = Bell()

    var all: [String] { state.withLock { $0 } }

    @Sendable func take(_ note: String) {
        state.withLock { $0.append(note) }
        bell.ring()
    }

    /// Waits for a note with these words.
    func until(_ words: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let count = bell.count
            if all.contains(where: { $0.contains(words) }) { return }
            try #require(ContinuousClock.now < deadline, "no note says: \(words)")
            await bell.wait(after: count, until: deadline)
        }
    }
}
