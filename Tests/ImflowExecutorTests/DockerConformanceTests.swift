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
    @Suite(.serialized) struct Conformance {
        @Test(arguments: ExecutorConformance.cases)
        func containers(hold demand: ConformanceCase) async throws {
            try await demand.run(on: DockerFixture())
        }
    }
}

/// Containers over a state folder of their own. The program is the command of an image that has its interpreter.
final class DockerFixture: ConformanceFixture {
    let bench: DockerBench
    let state: StateFolder
    let content: ContentStore
    let host: any ModelHost
    let staging: any InputStaging
    let protocols: Set<CallProtocol>
    let patience = TimeSpan(seconds: 40)

    /// With `folder`: over the state folder of another fixture.
    init(
        folder: String? = nil, engine: TestEngine = .usual, files: ContainerFiles = .bind,
        protocols: Set<CallProtocol> = [.exec, .rest, .jsonl, .oip, .cog]
    ) throws {
        self.protocols = protocols
        bench = try DockerBench(folder: folder, engine: engine, files: files)
        state = StateFolder(root: bench.folder)
        try state.create()
        content = try ContentStore(folder: state.content)
        host = bench.host
        staging = DataStaging(content: content, fetcher: Fetcher(content: content, client: HTTPClient()))
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
