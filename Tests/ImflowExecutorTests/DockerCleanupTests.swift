import ImflowDocker
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

extension DockerTests {
    @Suite struct Cleanup {
        let bench: DockerBench

        init() throws { bench = try DockerBench() }

        private func sleeping(_ bench: DockerBench, task: String, token: String) async throws -> Task<Exit, any Error> {
            // Deaf to polite signals.
            let launch = try bench.shell("trap '' TERM INT; sleep 1000 & wait; sleep 1000", task: task, token: token)
            let run = Task { try await bench.host.run(launch, input: []) as Exit }
            try await bench.until("a running container of \(task)") {
                try await bench.containers().contains {
                    $0["Labels"]?["imflow.token"]?.stringValue == token && $0["State"]?.stringValue == "running"
                }
            }
            return run
        }

        @Test func cancellingARunLeavesNothing() async throws {
            let run = try await sleeping(bench, task: "words-00", token: "t0")
            run.cancel()
            #expect(await failure { _ = try await run.value }?.cause == .cancelled)
            #expect(try await bench.containers().isEmpty)
        }

        /// While it is looked for, made, handed its request, started: as many questions to the engine later.
        @Test(arguments: [0, 1, 2, 4, 8, 16, 32]) func cancellingEarlyLeavesNothing(questions: Int) async throws {
            let launch = try bench.shell("sleep 1000")
            let run = Task { try await bench.host.run(launch, input: []) }
            for _ in 0..<questions { _ = try await bench.ask("/version") }
            run.cancel()
            #expect(await failure { _ = try await run.value }?.cause == .cancelled)
            #expect(try await bench.containers().isEmpty)
        }

        @Test func sweepRemovesTheJobsOwnExceptWhatIsKept() async throws {
            let other = try DockerBench(folder: bench.folder, job: bench.job + "-other")
            let stranger = try DockerBench(job: bench.job)
            let gone = try await sleeping(bench, task: "words-00", token: "gone")
            let kept = try await sleeping(bench, task: "words-01", token: "kept")
            let elsewhere = try await sleeping(other, task: "words-00", token: "elsewhere")
            let foreign = try await sleeping(stranger, task: "words-00", token: "foreign")

            await DockerHost(client: .init(), node: DockerBench.node, stateRoot: bench.folder)
                .sweep(job: bench.job, keeping: ["kept"])

            let tokens = try await bench.containers().compactMap { $0["Labels"]?["imflow.token"]?.stringValue }
            #expect(tokens.sorted() == ["foreign", "kept"])
            #expect(try await other.containers().count == 1)
            // Whoever waited for the removed one is told.
            let exit = try? await gone.value
            #expect(exit == nil || exit?.signal == 9)
            for run in [kept, elsewhere, foreign] {
                run.cancel()
                _ = await run.result
            }
            #expect(try await bench.containers().isEmpty)
            #expect(try await other.containers().isEmpty)
        }

        @Test func containerThatSomebodyRemovesIsLost() async throws {
            let run = try await sleeping(bench, task: "words-00", token: "t0")
            let id = try #require(try await bench.containers().first?["Id"]?.stringValue)
            try await bench.tell("DELETE", "/containers/\(id)?force=1")
            #expect(await failure { _ = try await run.value }?.cause == .lost)
        }

        @Test func shutdownEndsWhatRuns() async throws {
            let run = try await sleeping(bench, task: "words-00", token: "t0")
            await bench.host.shutdown()
            #expect(try await bench.containers().isEmpty)
            _ = await run.result
        }
    }
}
