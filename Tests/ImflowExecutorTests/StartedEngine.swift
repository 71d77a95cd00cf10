import Foundation
import Glibc
import ImflowExecution
import ImflowHTTP
import ImflowTestKit
import Testing

@testable import ImflowDocker

/// An engine that a script of `Tools` starts for one suite and stops behind it.
struct StartedEngine: SuiteTrait, TestScoping {
    enum Kind: String, Sendable {
        /// A second dockerd, over TCP with TLS on both sides.
        case secure = "second-engine"
        case podman = "podman-engine"
        /// The usual engine behind an ssh server.
        case ssh = "ssh-server"
        /// The usual engine beside a registry that asks who comes.
        case registry = "registry-server"

        /// What must be there for the script to work.
        var tools: [String] {
            switch self {
            case .secure: ["dockerd", "ip", "openssl"]
            case .podman: ["podman", "runc"]
            case .ssh: ["sshd", "ssh"]
            case .registry: ["docker-registry", "python3"]
            }
        }
    }

    @TaskLocal static var engine = TestEngine.usual
    /// What the script made.
    @TaskLocal static var folder = ""

    let kind: Kind
    /// More of the script's options.
    var options: [String] = []

    /// Whether there is what it takes, or there must be (`IMFLOW_REQUIRE_SERVERS`).
    static func isExpected(_ kind: Kind) -> Bool {
        guard DockerBench.isEngineExpected else { return false }
        if DockerBench.isPromised("IMFLOW_REQUIRE_SERVERS") { return true }
        return geteuid() == 0
            && kind.tools.allSatisfy { tool in
                ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
                    .contains { access("\($0)/\(tool)", X_OK) == 0 }
            }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder.make(kind.rawValue)
        defer { TemporaryFolder.remove(folder) }
        let all = ["--image", TestEngine.usual.busybox, "--image", TestEngine.usual.python]
        let images =
            switch kind {
            case .ssh: [String]()
            case .registry: Array(all.prefix(2))
            case .secure, .podman: all
            }
        try await Self.run(kind, "start", folder, images + options)
        let engine: TestEngine
        do {
            engine = try self.engine(folder)
            try await Self.$engine.withValue(engine) { try await Self.$folder.withValue(folder) { try await function() } }
        } catch {
            try await Self.run(kind, "stop", folder)
            throw error
        }
        try await Self.run(kind, "stop", folder)
    }

    private func engine(_ folder: String) throws -> TestEngine {
        if kind == .registry { return .usual }
        if kind == .ssh {
            let url = try String(contentsOfFile: folder + "/url", encoding: .utf8).trimmingCharacters(in: .newlines)
            guard case .ssh(var destination) = try EngineAddress(url) else { throw ConformanceViolation(url) }
            destination.program = folder + "/bin/ssh"
            return TestEngine(address: .success(.ssh(destination)))
        }
        var variables: [String: String] = [:]
        for line in try String(contentsOfFile: folder + "/env", encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            variables[String(parts[0])] = String(parts[1])
        }
        return TestEngine(
            address: EngineAddress.chosen { [variables] in variables[$0] },
            imagePrefix: kind == .podman ? "localhost/" : "")
    }

    static func run(_ kind: Kind, _ verb: String, _ folder: String, _ options: [String] = []) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().path + "/../../Tools/\(kind.rawValue)"
        let complaint: String? = await withCheckedContinuation { answer in
            let started = DetachedThread.start {
                do {
                    let tool = try SystemTool(script, arguments: [verb, folder] + options)
                    tool.closeInput()
                    var speech = SystemTool.Speech()
                    _ = tool.listen(&speech, until: .now + .seconds(300))
                    answer.resume(returning: tool.end() == 0 ? nil : speech.complaint)
                } catch {
                    answer.resume(returning: "\(error)")
                }
            }
            if !started { answer.resume(returning: "no thread") }
        }
        if let complaint { throw ConformanceViolation("\(script) \(verb): \(complaint)") }
    }
}

extension Trait where Self == StartedEngine {
    /// The suite runs on an engine that is started for it: ``StartedEngine/engine``.
    static func engine(_ kind: StartedEngine.Kind, options: [String] = []) -> StartedEngine {
        StartedEngine(kind: kind, options: options)
    }
}
