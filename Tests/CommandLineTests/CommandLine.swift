import Foundation
import Glibc
import ImflowJSON
import Testing

/// What a run of a program left behind.
struct Ended {
    var code: Int32
    var output: String
    var errors: String

    /// Standard output as JSON.
    var json: JSONValue {
        get throws { try JSONValue.parse(output) }
    }
}

extension Process {
    /// As `run()`. One that hangs is killed after some minutes, so that its test fails and does not hang with it.
    func runWithinLimit() throws {
        try run()
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(480)) { [weak self] in
            if let self, isRunning { kill(processIdentifier, SIGKILL) }
        }
    }
}

/// A folder with a state folder in it and models beside it, and the built `imflow` to run there. Gone when the test is.
final class Workplace: Sendable {
    let path: String

    init() throws {
        let base = FileManager.default.temporaryDirectory.path
        path = "\(base)/imflow-cli-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // Stored content is read-only; folders are not.
        try? FileManager.default.removeItem(atPath: path)
    }

    var state: String { path + "/state" }

    /// The executable that the build put beside the tests, or `$IMFLOW_BINARY`.
    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["IMFLOW_BINARY"] { return path }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var folder = URL(filePath: own).deletingLastPathComponent()
        for argument in ProcessInfo.processInfo.arguments where argument.hasSuffix(".xctest") {
            folder = URL(filePath: argument).deletingLastPathComponent()
        }
        return folder.appending(path: "imflow").path
    }()

    func write(_ name: String, _ text: String, executable: Bool = false) throws {
        let file = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        if executable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path) }
    }

    func read(_ name: String) -> String { (try? String(contentsOfFile: path + "/" + name, encoding: .utf8)) ?? "" }

    /// A model folder `models/NAME` whose program is the POSIX shell script `script`.
    func model(_ name: String, _ script: String, keys: String = "") throws {
        try write("models/\(name)/run.sh", "#!/bin/sh\n" + script, executable: true)
        try write("models/\(name)/model.yaml", "name: \(name)\nentrypoint: [./run.sh]\n" + keys)
    }

    /// Runs `imflow` with this workplace's state folder.
    @discardableResult
    func imflow(_ arguments: String..., environment: [String: String] = [:]) throws -> Ended {
        try run([Self.binary] + arguments, environment: environment)
    }

    /// Runs any command here, to its end.
    @discardableResult
    func run(_ command: [String], environment: [String: String] = [:]) throws -> Ended {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(filePath: path)
        var variables = ProcessInfo.processInfo.environment
        variables["IMFLOW_HOME"] = state
        variables["NO_COLOR"] = "1"
        variables["GITHUB_ACTIONS"] = nil
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        // Files, not pipes: a program's children may keep a pipe open after it has ended.
        let stem = "\(path)/.run-\(UUID().uuidString)"
        for suffix in [".out", ".err"] { try Data().write(to: URL(filePath: stem + suffix)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: stem + ".out"))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: stem + ".err"))
        try process.runWithinLimit()
        process.waitUntilExit()
        func text(_ suffix: String) throws -> String {
            let data = try Data(contentsOf: URL(filePath: stem + suffix))
            try FileManager.default.removeItem(atPath: stem + suffix)
            return String(decoding: data, as: UTF8.self)
        }
        let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Ended(code: code, output: try text(".out"), errors: try text(".err"))
    }

    /// Processes of this job here, by their environment, and those of warm models, which are no job's. Another test's job
    /// of that name has its work folders elsewhere.
    func processes(of job: String) -> [String] {
        processes { variables in
            variables.contains { $0.elementsEqual("IMFLOW_JOB_ID=\(job)".utf8) }
                && variables.contains { $0.starts(with: "IMFLOW_WORKDIR=\(path)/".utf8) }
        } + warmProcesses()
    }

    /// Processes of warm models of this state folder.
    func warmProcesses() -> [String] {
        processes { $0.contains { $0.starts(with: "IMFLOW_WORKDIR=\(state)/work/~warm-".utf8) } }
    }

    private func processes(with holds: ([Data.SubSequence]) -> Bool) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { name in
            guard Int(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/environ") else {
                return false
            }
            return holds(data.split(separator: 0))
        }
    }
}
