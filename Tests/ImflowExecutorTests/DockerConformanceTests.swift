import Glibc
import ImflowContent
import ImflowData
import ImflowDocker
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Testing

extension DockerTests {
    @Suite struct Conformance {
        @Test(arguments: CallProtocol.allCases)
        func containers(hold callProtocol: CallProtocol) async {
            await DockerFixture.expectAll(of: callProtocol) { try DockerFixture() }
        }
    }
}

/// Containers over a state folder of their own. The program is the command of an image that has its interpreter.
final class DockerFixture: ContainerFixture {
    let bench: DockerBench
    let state: StateFolder
    let content: ContentStore
    let host: any ModelHost
    let staging: any InputStaging
    let protocols = Set(CallProtocol.allCases)
    let patience = TimeSpan(seconds: 120)
    /// Podman does not, on control groups of version 1.
    let tellsShortages: Bool
    /// Cases at once: an engine starts four containers in little more than twice the time of one.
    private static let width = 4

    /// With `folder`: over the state folder of another fixture.
    init(
        folder: String? = nil, engine: TestEngine = .usual, files: ContainerFiles = .bind, tellsShortages: Bool = true
    ) throws {
        self.tellsShortages = tellsShortages
        bench = try DockerBench(folder: folder, engine: engine, files: files)
        state = StateFolder(root: bench.folder)
        try state.create()
        content = try ContentStore(folder: state.content)
        host = bench.host
        staging = DataStaging(content: content, fetcher: Fetcher(content: content, client: HTTPClient()))
    }

    /// Every case of the protocol holds.
    /// - Parameter exceptions: what the engine cannot do, by the ends of the cases' names.
    static func expectAll(
        of callProtocol: CallProtocol, except exceptions: [String] = [], sourceLocation: SourceLocation = #_sourceLocation,
        on fixture: @escaping @Sendable () throws -> DockerFixture
    ) async {
        let cases = ExecutorConformance.cases + ContainerConformance.cases
        let wanted = cases.filter { known in
            known.callProtocol == callProtocol && !exceptions.contains { known.name.hasSuffix($0) }
        }
        await expect(wanted, atOnce: width, sourceLocation: sourceLocation, on: fixture)
    }

    static func expect(
        _ cases: [ConformanceCase], atOnce width: Int, sourceLocation: SourceLocation = #_sourceLocation,
        on fixture: @escaping @Sendable () throws -> DockerFixture
    ) async {
        #expect(!cases.isEmpty, sourceLocation: sourceLocation)
        for violation in await ExecutorConformance.violations(of: cases, atOnce: width, on: fixture) {
            Issue.record("\(violation)", sourceLocation: sourceLocation)
        }
    }

    func model(running program: ModelProgram) async throws -> ModelPlan {
        let (image, interpreter) =
            program.language == .shell ? (bench.engine.busybox, "sh") : (bench.engine.python, "python3")
        return ModelPlan(
            name: "probe", folder: bench.folder, image: image, command: [interpreter, "-c", program.source],
            callProtocol: program.callProtocol, port: program.callProtocol == .cog ? 5000 : 9000,
            path: program.callProtocol.defaultPath(of: "probe"), health: program.callProtocol.defaultHealth,
            concurrency: program.concurrency, environment: program.environment)
    }

    func kill(job: String) async throws { try await command("POST", "/kill?signal=KILL", job: job) }
    func remove(job: String) async throws { try await command("DELETE", "?force=1&v=1", job: job) }

    /// To each container that runs.
    private func command(_ method: String, _ words: String, job: String) async throws {
        let all = try await bench.containers(job: job) + (try await bench.warmContainers())
        let running = all.filter { $0["State"]?.stringValue == "running" }.compactMap { $0["Id"]?.stringValue }
        guard !running.isEmpty else { throw ConformanceViolation("no container runs of job \(job)") }
        for id in running {
            // It may have ended meanwhile.
            _ = try await HTTPClient().send(try bench.engine.request(method, "/containers/\(id)\(words)"))
        }
    }

    func leftovers(of job: String) async throws -> [String] {
        (try await bench.containers(job: job) + (try await bench.warmContainers()))
            .map { "container " + ($0["Names"]?[0]?.stringValue ?? $0.text) }
    }

    func remains() async throws -> [String] {
        let label = "imflow.state=" + ContainerIdentity(stateRoot: state.root).state
        let containers = try await bench.labelled(label, "/containers/json?all=1&filters=").arrayValue ?? []
        let networks = try await bench.labelled(label, "/networks?filters=").arrayValue ?? []
        let volumes = try await bench.labelled(label, "/volumes?filters=")["Volumes"]?.arrayValue ?? []
        var lines: [String] = []
        for container in containers { lines.append("container " + (container["Names"]?[0]?.stringValue ?? "")) }
        for network in networks { lines.append("network " + (network["Name"]?.stringValue ?? "")) }
        for volume in volumes { lines.append("volume " + (volume["Name"]?.stringValue ?? "")) }
        return lines
    }
}

extension JSONValue {
    fileprivate subscript(index: Int) -> JSONValue? {
        arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
    }
}
