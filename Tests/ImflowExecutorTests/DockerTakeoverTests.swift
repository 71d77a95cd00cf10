import Glibc
import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

extension DockerTests {
    /// A whole attempt over an engine's death: what is done is kept, what runs is adopted, the rest is run.
    @Suite struct Takeover {
        /// Each start has an id of its own. The unit 1 waits for the file `go`.
        static let program = #"""
            id=$(cat /proc/sys/kernel/random/uuid)
            request=$(cat)
            echo "$id" >"$IMFLOW_WORKDIR/id"
            case $request in *'"n":1'*) while [ ! -e "$IMFLOW_WORKDIR/go" ]; do usleep 20000; done ;; esac
            echo "{\"id\": \"$id\", \"request\": $request}"
            """#

        private static func order(_ fixture: DockerFixture, job: String, recovered: Bool) throws -> WorkOrder {
            let units: [JSONValue] = (0..<3).map { index in
                Unit(geometry: ["index": .int(Int64(index))], set: ["n": .int(Int64(index))]).json
            }
            let model = ModelPlan(
                name: "probe", folder: fixture.bench.folder, image: DockerBench.busybox, command: ["sh", "-c", program])
            let input = CallWork.Input.shard(
                shared: try fixture.content.payload([:]), units: try fixture.content.payload(.array(units)))
            return WorkOrder(
                job: job, task: "words-00", stage: "words", attempt: 1, token: "t0", recovered: recovered,
                work: .call(CallWork(model: model, input: input)))
        }

        private static func executor(_ fixture: DockerFixture) -> CallExecutor {
            CallExecutor(
                state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in fixture.host },
                instanceLimit: 1, hosts: [fixture.host])
        }

        @Test func attemptGoesOnWhereItWas() async throws {
            let fixture = try DockerFixture()
            let job = fixture.bench.job
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [folder = fixture.bench.folder as String, job = job as String] in
                let fixture = try DockerFixture(folder: folder)
                let order = try Self.order(fixture, job: job, recovered: false)
                let run = Task { await Self.executor(fixture).run(order, progress: { _ in }) }
                let attempt = fixture.state.attemptFolder(job: job, task: "words-00", attempt: 1)
                try await fixture.bench.until("the second unit") {
                    let isRunning = try await fixture.bench.containers(job: job).contains {
                        $0["Labels"]?["imflow.unit"]?.stringValue == "1" && $0["State"]?.stringValue == "running"
                    }
                    return isRunning && access(attempt + "/1/id", F_OK) == 0
                }
                kill(getpid(), SIGKILL)
                _ = await run.value
            }
            let attempt = fixture.state.attemptFolder(job: job, task: "words-00", attempt: 1)
            let done = try JSONValue.parse(try fixture.bench.contents(of: attempt + "/0.result"))
            let adopted = try fixture.bench.contents(of: attempt + "/1/id")
            close(open(attempt + "/1/go", O_CREAT | O_WRONLY, 0o600))

            let executor = Self.executor(fixture)
            let report = await executor.run(try Self.order(fixture, job: job, recovered: true), progress: { _ in })
            guard case .succeeded(let payload) = report.outcome else {
                Issue.record("\(report.outcome)")
                return
            }
            let results = try #require(try fixture.content.value(of: payload).arrayValue)
            #expect(results.map { $0["request"]?["input"]?["n"]?.intValue } == [0, 1, 2])
            #expect(results[0]["id"] == done["id"])
            #expect(results[1]["id"]?.stringValue.map { $0 + "\n" } == adopted)
            await executor.shutdown()
            #expect(try await fixture.bench.containers(job: job).isEmpty)
        }
    }
}
