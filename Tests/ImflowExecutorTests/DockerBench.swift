import FoundationEssentials
import Glibc
import ImflowDocker
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

/// All tests that need a Docker engine, one after another: containers are dear. Without an engine they are skipped,
/// except where one is promised (CI, or IMFLOW_REQUIRE_DOCKER=1): there they fail.
@Suite(
    .serialized, .enabled(if: DockerBench.isEngineExpected, "no Docker engine answers: Tools/docker-engine starts one"))
enum DockerTests {}

/// Those that need another engine beside it, or another way to it: one after another, beside ``DockerTests``.
@Suite(
    .serialized, .enabled(if: DockerBench.isEngineExpected, "no Docker engine answers: Tools/docker-engine starts one"))
enum OtherEngineTests {}

/// A state folder of its own, a host over it, and a look at what is really on the engine.
final class DockerBench: Sendable {
    static let busybox = "imflow-test/busybox:1"
    static let python = "imflow-test/python:3.11"
    static let node = "0x" + String(repeating: "ab", count: 20)

    let engine: TestEngine
    let folder: String
    let host: DockerHost
    let job: String
    private let client = HTTPClient()
    private let isOwner: Bool

    /// With `folder`: over the state folder of another bench.
    /// - Parameter files: every engine of the tests sees this machine's disk, however it is reached.
    init(
        folder: String? = nil, job: String? = nil, engine: TestEngine = .usual, files: ContainerFiles = .bind,
        supply: ImageSupply = ImageSupply(.never)
    ) throws {
        self.engine = engine
        if let folder {
            self.folder = folder
        } else {
            var template = Array("/tmp/imflow-docker-XXXXXX".utf8CString)
            _ = try #require(mkdtemp(&template))
            self.folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        isOwner = folder == nil
        self.job = job ?? String(self.folder.suffix(6)).lowercased()
        host = DockerHost(
            address: engine.address, client: client, node: Self.node, stateRoot: self.folder, files: files,
            supply: supply)
    }

    deinit {
        if isOwner { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Whether there is an engine, or there must be one.
    static var isEngineExpected: Bool {
        isPromised("CI") || isPromised("IMFLOW_REQUIRE_DOCKER") || TestEngine.usual.answers
    }

    static func isPromised(_ variable: String) -> Bool {
        guard let value = getenv(variable) else { return false }
        let text = String(cString: value)
        return !text.isEmpty && text != "0" && text != "false"
    }

    static func withUnixAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    func launch(
        _ command: [String], image: String? = nil, task: String = "words-00", unit: Int? = 0, token: String = "t0",
        recovered: Bool = false, _ change: (inout ModelPlan) -> Void = { _ in }
    ) throws -> Launch {
        let work = "\(folder)/work/\(job)/\(task)"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        var model = ModelPlan(name: "probe", folder: folder, image: image ?? engine.busybox, command: command)
        change(&model)
        return Launch(
            model: model, job: job, task: task, attempt: 1, token: token, unit: unit, workFolder: work,
            environment: [:],
            logPath: "\(folder)/\(task).log", recovered: recovered)
    }

    func shell(
        _ script: String, task: String = "words-00", unit: Int? = 0, token: String = "t0", recovered: Bool = false
    ) throws -> Launch {
        try launch(["/bin/sh", "-c", script], task: task, unit: unit, token: token, recovered: recovered)
    }

    func contents(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    func log(task: String = "words-00") throws -> String { try contents(of: "\(folder)/\(task).log") }

    func workFile(_ name: String, task: String = "words-00") -> String { "\(folder)/work/\(job)/\(task)/\(name)" }

    /// What the engine itself says, past the code under test.
    func ask(_ path: String) async throws -> JSONValue {
        let response = try await client.send(try engine.request("GET", path))
        try #require(response.isSuccess, "\(path): \(response.status)")
        return try JSONValue.parse(response.body)
    }

    /// As somebody else who commands the engine.
    func tell(_ method: String, _ path: String) async throws {
        let response = try await client.send(try engine.request(method, path))
        try #require(response.isSuccess, "\(path): \(response.status)")
    }

    /// Every container of the job, whatever its state, of any state folder.
    func containers(job: String? = nil) async throws -> [JSONValue] {
        await host.settle()
        return try await listed("/containers/json?all=1&filters=", job).arrayValue ?? []
    }

    /// Every container of the state folder that is no job's.
    func warmContainers() async throws -> [JSONValue] {
        let label = "imflow.state=" + ContainerIdentity(stateRoot: folder).state
        return (try await labelled(label, "/containers/json?all=1&filters=").arrayValue ?? []).filter {
            $0["Labels"]?["imflow.job"]?.stringValue?.hasPrefix("~warm-") == true
        }
    }

    func networks(job: String? = nil) async throws -> [JSONValue] {
        try await listed("/networks?filters=", job).arrayValue ?? []
    }

    private func listed(_ path: String, _ job: String?) async throws -> JSONValue {
        try await labelled("imflow.job=\(job ?? self.job)", path)
    }

    /// What the engine lists at `path`, which ends with `filters=`, with the label `NAME=VALUE`.
    func labelled(_ label: String, _ path: String) async throws -> JSONValue {
        let value = label.replacing("=", with: "%3D")
        return try await ask(path + "%7B%22label%22%3A%5B%22\(value)%22%5D%7D")
    }

    func state(_ id: String) async throws -> String? {
        try await ask("/containers/\(id)/json")["State"]?["Status"]?.stringValue
    }

    /// Asks the engine again and again until the condition holds.
    func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if try await condition() { return }
            _ = try await ask("/version")
        }
        Issue.record("never came: \(what)")
    }

    func get(_ url: String, body: JSONValue? = nil) async throws -> JSONValue {
        let request = HTTPRequest(
            body == nil ? "GET" : "POST", url, body: body.map { Array($0.text.utf8) }, timeout: TimeSpan(seconds: 60))
        let response = try await client.send(request)
        try #require(response.status == 200)
        return try JSONValue.parse(response.body)
    }

    /// - Parameter socket: that leads there.
    func untilAnswers(_ url: String, over socket: String? = nil) async throws {
        try await until("an answer from \(url)") {
            let request = HTTPRequest("GET", url, unixSocket: socket, timeout: TimeSpan(seconds: 5))
            return (try? await client.send(request))?.status == 200
        }
    }
}

/// Runs `body` and answers the failure it throws; records an issue when it throws none.
func failure(_ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) async -> Failure? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let failure as Failure {
        return failure
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}
