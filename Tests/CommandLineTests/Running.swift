import Foundation
import Glibc

/// A program that runs while the test goes on.
final class Running: Sendable {
    private let process = Process()
    private let errors: String

    init(_ place: Workplace, _ arguments: [String], environment: [String: String] = [:]) throws {
        errors = "\(place.path)/.err-\(UUID().uuidString)"
        try Data().write(to: URL(filePath: errors))
        process.executableURL = URL(filePath: Workplace.binary)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: place.path)
        var variables = ProcessInfo.processInfo.environment
        variables["IMFLOW_HOME"] = place.state
        variables["NO_COLOR"] = "1"
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        try process.runWithinLimit()
    }

    deinit { if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) } }

    var pid: Int32 { process.processIdentifier }

    /// Kills it (`kill -9`), and returns when it is gone.
    func kill() {
        Glibc.kill(pid, SIGKILL)
        process.waitUntilExit()
    }

    func end() -> (code: Int32, errors: String) {
        process.waitUntilExit()
        let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return (code, (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "")
    }
}
