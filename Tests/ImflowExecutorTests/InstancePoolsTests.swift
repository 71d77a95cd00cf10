import Glibc
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Testing

/// Warm instances that several jobs use, and what becomes of them when their model changes.
@Suite struct InstancePoolsTests {
    /// Answers its process id; asked to `hold`, it first says so by a file and waits for another.
    private static let source = """
        while read -r line; do
            case $line in *hold*) : > "$MARKS/held"; while [ ! -e "$MARKS/go" ]; do sleep 0.02; done ;; esac
            echo $$
        done
        """
    private let fixture: ProcessFixture
    private let marks: String

    init() throws {
        fixture = try ProcessFixture()
        marks = fixture.root + "/marks"
        mkdir(marks, 0o700)
    }

    private func executor(idle: TimeSpan = TimeSpan(seconds: 60)) -> CallExecutor {
        let host = fixture.host
        return CallExecutor(
            state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in host }, instanceLimit: 3,
            hosts: [host], idleLimit: idle)
    }

    private func model() async throws -> ModelPlan {
        try await fixture.model(
            running: ModelProgram(.shell, Self.source, callProtocol: .jsonl, environment: ["MARKS": marks]))
    }

    /// The process id that served the job's call.
    private func call(
        _ executor: CallExecutor, _ job: String, _ model: ModelPlan, _ input: JSONObject = [:]
    ) async throws -> Int {
        let context = InputContext(
            sources: [], jobInput: try fixture.content.payload(.object(input)), key: nil, soleValueFallback: false, literal: [:],
            when: nil)
        let order = WorkOrder(
            job: job, task: "t", stage: "s", attempt: 1, token: "\(job)-\(UInt64.random(in: .min ... .max))",
            work: .call(CallWork(model: model, input: .whole(context))))
        let report = await executor.run(order) { _ in }
        guard case .succeeded(let payload) = report.outcome else { throw ConformanceViolation("\(report.outcome)") }
        return try #require(try fixture.content.value(of: payload).intValue)
    }

    private func runs(_ id: Int) -> Bool { kill(pid_t(id), 0) == 0 }

    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(10)) }
    }

    private func expectNothingIsLeft() async throws {
        #expect(try await fixture.leftovers(of: "none").isEmpty)
        #expect(TemporaryFolder.names(in: fixture.state.warm).isEmpty)
        #expect(TemporaryFolder.names(in: fixture.state.root + "/work").isEmpty)
    }

    @Test func jobsShareAnInstanceAndTheEndOfOneLeavesItToTheOther() async throws {
        let executor = executor()
        let model = try await model()
        let first = try await call(executor, "one", model)
        async let held = call(executor, "two", model, ["mode": "hold"])
        try await until { access(marks + "/held", F_OK) == 0 }
        await executor.sweep(job: "one", keeping: [])
        #expect(runs(first))
        try TemporaryFolder.write("", to: marks + "/go")
        #expect(try await held == first)
        #expect(try await call(executor, "three", model) == first)
        for job in ["two", "three"] { await executor.sweep(job: job, keeping: []) }
        #expect(runs(first))
        await executor.shutdown()
        #expect(!runs(first))
        try await expectNothingIsLeft()
    }

    @Test func whatNoJobUsesIdlesOutAsAWhole() async throws {
        let executor = executor(idle: TimeSpan(milliseconds: 30))
        var model = try await model()
        model.minInstances = 1
        let first = try await call(executor, "one", model)
        #expect(runs(first))
        await executor.sweep(job: "one", keeping: [])
        try await until { !runs(first) }
        #expect(try await call(executor, "two", model) != first)
        await executor.shutdown()
        try await expectNothingIsLeft()
    }

    @Test func changedContentIsServedByNewInstancesAndTheOldEndTheirWork() async throws {
        let executor = executor()
        let model = try await model()
        let first = try await call(executor, "one", model)
        async let held = call(executor, "one", model, ["mode": "hold"])
        try await until { access(marks + "/held", F_OK) == 0 }
        try TemporaryFolder.write("weights", to: model.folder + "/weights")
        let second = try await call(executor, "two", model)
        #expect(second != first)
        #expect(runs(first))
        // The job that began with the old content goes on with the new.
        #expect(try await call(executor, "one", model) == second)
        try TemporaryFolder.write("", to: marks + "/go")
        #expect(try await held == first)
        try await until { !runs(first) }
        #expect(runs(second))
        await executor.shutdown()
        try await expectNothingIsLeft()
    }

    @Test func anotherManifestHasInstancesOfItsOwnAndTheOldGoWithTheirJob() async throws {
        let executor = executor()
        var model = try await model()
        model.minInstances = 1
        let first = try await call(executor, "one", model)
        async let held = call(executor, "one", model, ["mode": "hold"])
        try await until { access(marks + "/held", F_OK) == 0 }
        var newer = model
        newer.version = "2"
        let second = try await call(executor, "two", newer)
        #expect(second != first)
        try TemporaryFolder.write("", to: marks + "/go")
        #expect(try await held == first)
        // Kept though it idles: not any more.
        try await until { !runs(first) }
        let again = try await call(executor, "one", model)
        #expect(again != first && again != second)
        await executor.sweep(job: "one", keeping: [])
        #expect(!runs(again) && runs(second))
        #expect(try await call(executor, "two", newer) == second)
        await executor.shutdown()
        try await expectNothingIsLeft()
    }

    @Test func attemptsThatComeAtOnceLookOnceThoughTheModelWritesBesideItself() async throws {
        let executor = executor()
        let source = "echo x >> starts; while read -r line; do echo $$; done"
        var model = try await fixture.model(running: ModelProgram(.shell, source, callProtocol: .jsonl))
        model.maxInstances = 1
        let plan = model
        let served = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await call(executor, "one", plan) } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(served.count == 1)
        await executor.shutdown()
        try await expectNothingIsLeft()
    }

    @Test func anotherEngineLeavesWhatALiveOneHas() async throws {
        let mine = executor()
        let model = try await model()
        let first = try await call(mine, "one", model)
        let other = executor()
        await other.sweep(job: "two", keeping: [])
        #expect(try await call(other, "two", model) != first)
        await other.sweep(job: "two", keeping: [])
        // The hosts are one in this test, and would be shut down with either.
        #expect(runs(first))
        #expect(try await call(mine, "one", model) == first)
        await other.shutdown()
        await mine.shutdown()
        try await expectNothingIsLeft()
    }
}

extension DockerTests {
    @Suite struct Pools {
        /// A tag that moves from one image to another.
        private static let tag = "imflow-test/moving"

        @Test func aNewImageIsServedByNewContainersAndTheOldOnesGo() async throws {
            let fixture = try DockerFixture()
            let bench = fixture.bench
            let version = String(UInt64.random(in: .min ... .max), radix: 16)
            func point(at image: String) async throws {
                try await bench.tell("POST", "/images/\(image)/tag?repo=\(Self.tag)&tag=\(version)")
            }
            try await point(at: DockerBench.busybox)
            let model = ModelPlan(
                name: "probe", folder: bench.folder, image: "\(Self.tag):\(version)",
                command: ["sh", "-c", "while read -r line; do echo \"\\\"$(cat /etc/hostname)\\\"\"; done"], callProtocol: .jsonl)
            let executor = CallExecutor(
                state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in fixture.host },
                instanceLimit: 2, hosts: [fixture.host])
            func call(_ job: String) async throws -> String {
                let context = InputContext(
                    sources: [], jobInput: try fixture.content.payload([:]), key: nil, soleValueFallback: false, literal: [:],
                    when: nil)
                let order = WorkOrder(
                    job: job, task: "t", stage: "s", attempt: 1, token: "\(job)-\(UInt64.random(in: .min ... .max))",
                    work: .call(CallWork(model: model, input: .whole(context))))
                let report = await executor.run(order) { _ in }
                guard case .succeeded(let payload) = report.outcome else { throw ConformanceViolation("\(report.outcome)") }
                return try #require(try fixture.content.value(of: payload).stringValue)
            }
            let first = try await call("one")
            #expect(try await call("two") == first)
            try await point(at: DockerBench.python)
            let second = try await call("three")
            #expect(second != first)
            #expect(try await call("one") == second)
            try await bench.until("the end of the old container") {
                try await bench.warmContainers().compactMap { $0["Id"]?.stringValue?.prefix(12) }.map(String.init) == [second]
            }
            await executor.shutdown()
            #expect(try await bench.warmContainers().isEmpty)
            #expect(try await fixture.remains().isEmpty)
            try await bench.tell("DELETE", "/images/\(Self.tag):\(version)")
        }

        /// What has no engine any more is removed by the next one, whatever job that is for.
        @Test func containersOfADeadEngineAreSwept() async throws {
            let fixture = try DockerFixture()
            await #expect(processExitsWith: .signal(SIGKILL)) { [folder = fixture.bench.folder as String] in
                let fixture = try DockerFixture(folder: folder)
                let host = fixture.host
                let model = ModelPlan(
                    name: "probe", folder: folder, image: DockerBench.busybox,
                    command: ["sh", "-c", "while read -r line; do echo 1; done"], callProtocol: .jsonl)
                let context = InputContext(
                    sources: [], jobInput: try fixture.content.payload([:]), key: nil, soleValueFallback: false, literal: [:],
                    when: nil)
                let executor = CallExecutor(
                    state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in host },
                    instanceLimit: 1, hosts: [host])
                _ = await executor.run(
                    WorkOrder(
                        job: "one", task: "t", stage: "s", attempt: 1, token: "t0",
                        work: .call(CallWork(model: model, input: .whole(context))))) { _ in }
                kill(getpid(), SIGKILL)
            }
            #expect(try await fixture.bench.warmContainers().count == 1)
            let executor = CallExecutor(
                state: fixture.state, staging: fixture.staging, client: HTTPClient(), host: { _ in fixture.host },
                instanceLimit: 1, hosts: [fixture.host])
            await executor.sweep(job: "other", keeping: ["some"])
            #expect(try await fixture.bench.warmContainers().isEmpty)
            #expect(TemporaryFolder.names(in: fixture.state.warm).isEmpty)
            await executor.shutdown()
        }
    }
}
