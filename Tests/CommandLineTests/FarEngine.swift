import Foundation
import Glibc
import Testing

/// A second Docker engine that only ssh reaches. Gone with this value.
final class FarEngine: Sendable {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().path + "/../../Tools/ssh-server"

    let place: Workplace
    private let engine: SecondEngine
    private let door: String

    static func canBeStarted(in place: Workplace) throws -> Bool {
        try SecondEngine.canBeStarted(in: place, with: ["sshd", "ssh"], image: "imflow-test/python:3.11")
    }

    init(in place: Workplace, images: [String] = ["imflow-test/busybox:1"]) throws {
        self.place = place
        door = place.path + "/door"
        engine = try SecondEngine(in: place, images: images)
        let opened = try place.run([Self.script, "start", door])
        try #require(opened.code == 0, "\(opened.errors)")
    }

    deinit { _ = try? place.run([Self.script, "stop", door]) }

    /// `ssh://USER@127.0.0.1:PORT/path/of/socket`.
    var url: String { place.read("door/url").trimmingCharacters(in: .newlines) + engine.folder + "/docker.sock" }

    /// Whoever has this finds the `ssh` that is let in.
    var environment: [String: String] {
        ["PATH": "\(door)/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")]
    }

    /// Kills sshd with all who are connected. Nobody comes in any more.
    func closeDoor() throws {
        let waiting = try #require(pid_t(place.read("door/sshd.pid").trimmingCharacters(in: .newlines)))
        let serving = Self.processes { $0.hasPrefix("sshd: ") }.filter { Self.parent(of: $0) == waiting }
        for process in [waiting] + serving { kill(process, SIGKILL) }
    }

    func docker(_ arguments: String...) throws -> String { try engine.docker(arguments) }

    /// The container of the task that runs there: returns when there is one.
    func runs(_ task: String, while imflow: Running) throws -> String {
        try engine.runs("imflow.task=\(task)", while: imflow)[0]
    }

    func remains() throws -> String { try engine.remains() }

    /// Asks the engine again and again until the condition holds.
    func until(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, "never came: \(what)")
            _ = try docker("version")
        }
    }

    /// The ssh that this process runs.
    func tunnel(of process: pid_t) -> pid_t? {
        Self.processes { $0.contains(self.door) && $0.contains("imflow-ssh-\(process)-") && $0.contains("-L") }.first
    }

    /// Folders of sockets of a process.
    static func folders(of process: pid_t) -> [String] {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        return Set(["/tmp", base]).flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
            .filter { $0.hasPrefix("imflow-ssh-\(process)-") }
    }

    private static func processes(_ isWanted: (String) -> Bool) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(pid_t.init).filter { pid in
            guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !line.isEmpty else { return false }
            return isWanted(String(decoding: line, as: UTF8.self))
        }
    }

    private static func parent(of process: pid_t) -> pid_t? {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").first { $0.hasPrefix("PPid:") }?.split(separator: "\t").last.flatMap { pid_t($0) }
    }
}
