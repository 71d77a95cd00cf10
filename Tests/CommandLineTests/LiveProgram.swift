import Foundation
import Synchronization
import Testing

/// An `imflow` that runs while the test goes on; what it writes to one of its outputs is read as it comes.
final class LiveProgram: Sendable {
    enum Stream { case output, errors }

    private let process = Process()
    private let live: FileHandle
    private let liveText = Mutex("")
    private let other: String
    private let stream: Stream

    /// - Parameter stream: the one that is read while it runs.
    convenience init(
        _ place: Workplace, _ arguments: String..., reading stream: Stream, environment: [String: String] = [:]
    ) throws {
        try self.init(place, arguments, reading: stream, environment: environment)
    }

    init(
        _ place: Workplace, _ arguments: [String], reading stream: Stream, environment: [String: String] = [:]
    ) throws {
        let pipe = Pipe()
        live = pipe.fileHandleForReading
        self.stream = stream
        other = "\(place.path)/.live-\(UUID().uuidString)"
        try Data().write(to: URL(filePath: other))
        let file = try FileHandle(forWritingTo: URL(filePath: other))
        process.executableURL = URL(filePath: Workplace.binary)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: place.path)
        var variables = ProcessInfo.processInfo.environment
        variables["IMFLOW_HOME"] = place.state
        variables["NO_COLOR"] = "1"
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = stream == .output ? pipe : file
        process.standardError = stream == .errors ? pipe : file
        try process.runWithinLimit()
        try pipe.fileHandleForWriting.close()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Returns when it has written this, in all that it wrote so far. Fails when it ended without.
    func writes(_ text: String) throws {
        while !liveText.withLock({ $0.contains(text) }) {
            let data = live.availableData
            try #require(!data.isEmpty, "it ended without writing “\(text)”: \(liveText.withLock { $0 })")
            liveText.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// To its end; the code is 128 and the signal's number when one ended it.
    func end() -> Ended {
        while true {
            let data = live.availableData
            if data.isEmpty { break }
            liveText.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        process.waitUntilExit()
        let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        let own = liveText.withLock { $0 }
        let rest = (try? String(contentsOfFile: other, encoding: .utf8)) ?? ""
        return stream == .output
            ? Ended(code: code, output: own, errors: rest) : Ended(code: code, output: rest, errors: own)
    }
}
