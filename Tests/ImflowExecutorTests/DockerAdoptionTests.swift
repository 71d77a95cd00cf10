import FoundationEssentials
import Glibc
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import Testing

extension DockerTests {
    /// An engine that is killed leaves its containers; the next one takes them over. The killed engine is a real
    /// process.
    @Suite struct Adoption {
        /// Counts its starts, waits for the file `go`, and answers its request.
        static let script = """
            echo start >> /imflow/work/starts
            read request
            while [ ! -e /imflow/work/go ]; do usleep 20000; done
            echo waited >&2
            echo "got $request"
            """
        let bench: DockerBench

        init() throws { bench = try DockerBench() }

        private func runAndDie(input: String) async {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [folder = bench.folder as String, job = bench.job as String, input] in
                let bench = try DockerBench(folder: folder, job: job)
                let launch = try bench.shell(Self.script)
                let run = Task { try await bench.host.run(launch, input: Array(input.utf8)) }
                // The engine takes note of a start a little after the program runs.
                try await bench.until("a started program") {
                    let isRunning = try await bench.containers().first?["State"]?.stringValue == "running"
                    return isRunning && access(bench.workFile("starts"), F_OK) == 0
                }
                kill(getpid(), SIGKILL)
                _ = await run.result
            }
        }

        private func letGo() { _ = FileManager.default.createFile(atPath: bench.workFile("go"), contents: nil) }

        @Test func runningContainerIsAdopted() async throws {
            await runAndDie(input: "the request\n")
            let left = try await bench.containers()
            #expect(left.count == 1)
            #expect(left.first?["State"]?.stringValue == "running")
            let launch = try bench.shell(Self.script, recovered: true)
            async let run = bench.host.run(launch, input: Array("the request\n".utf8))
            letGo()
            let exit = try await run
            #expect(exit == Exit(code: 0, output: Array("got the request\n".utf8)))
            #expect(try bench.contents(of: bench.workFile("starts")) == "start\n")
            #expect(try bench.log().contains("waited\n"))
            #expect(try await bench.containers().isEmpty)
        }

        @Test func endedContainersResultIsTaken() async throws {
            await runAndDie(input: "the request\n")
            let id = try #require(try await bench.containers().first?["Id"]?.stringValue)
            letGo()
            try await bench.until("its end") { try await bench.state(id) == "exited" }
            let exit = try await bench.host.run(
                try bench.shell(Self.script, recovered: true), input: Array("the request\n".utf8))
            #expect(exit == Exit(code: 0, output: Array("got the request\n".utf8)))
            #expect(try bench.contents(of: bench.workFile("starts")) == "start\n")
            #expect(try await bench.containers().isEmpty)
        }

        @Test func cancelledAdoptionLeavesNothing() async throws {
            await runAndDie(input: "the request\n")
            let launch = try bench.shell(Self.script, recovered: true)
            let run = Task { try await bench.host.run(launch, input: []) }
            run.cancel()
            #expect(await failure { _ = try await run.value }?.cause == .cancelled)
            #expect(try await bench.containers().isEmpty)
        }

        @Test func otherAttemptsContainerIsNotAdopted() async throws {
            await runAndDie(input: "the request\n")
            let launch = try bench.shell(Self.script, token: "another", recovered: true)
            #expect(await failure { _ = try await bench.host.run(launch, input: []) }?.cause == .lost)
            #expect(try await bench.containers().isEmpty)
        }

        /// Its request may have been cut off with the engine that was handing it over.
        @Test func containerWithALongRequestIsNotAdopted() async throws {
            await runAndDie(input: "the request\n" + String(repeating: "x", count: ContainerSizes.longRequest))
            let launch = try bench.shell(Self.script, recovered: true)
            #expect(await failure { _ = try await bench.host.run(launch, input: []) }?.cause == .lost)
            #expect(try await bench.containers().isEmpty)
        }

        @Test func whatIsNotThereIsLost() async throws {
            let launch = try bench.shell("true", recovered: true)
            #expect(await failure { _ = try await bench.host.run(launch, input: []) }?.cause == .lost)
        }

        @Test func freshLaunchReplacesWhatIsLeftUnderItsName() async throws {
            await runAndDie(input: "the request\n")
            letGo()
            let exit = try await bench.host.run(try bench.shell(Self.script), input: Array("another\n".utf8))
            #expect(exit.output == Array("got another\n".utf8))
            #expect(try await bench.containers().isEmpty)
        }
    }

    enum ContainerSizes {
        static let longRequest = 200_000
    }
}
