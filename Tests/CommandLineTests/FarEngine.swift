import Foundation
import Glibc
import Testing

/// A second Docker engine that only ssh reaches. Gone with this value.
final class FarEngine: Sendable {
    private static let tools = URL(filePath: #filePath).deletingLastPathComponent().path + "/../../Tools"

    let place: Workplace
    private let folder: String
    private let door: String

    /// Whether one can be started here; where there must be one, and it cannot, the test fails.
    static func canBeStarted(in place: Workplace) throws -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let tools = "PATH=$PATH:/usr/sbin:/sbin; command -v dockerd && command -v ip && command -v sshd && command -v ssh"
        let has =
            try geteuid() == 0 && place.run(["docker", "image", "inspect", "imflow-test/python:3.11"]).code == 0
            && place.run(["sh", "-c", tools]).code == 0
        let required = environment["IMFLOW_REQUIRE_DOCKER"] != nil && environment["IMFLOW_REQUIRE_SERVERS"] != nil
        #expect(has || !required, "no second Docker engine, or no sshd: Tools/install test")
        if !has { print("skipped: no second Docker engine behind an ssh server can be started here") }
        return has
    }

    init(in place: Workplace, images: [String] = ["imflow-test/busybox:1"]) throws {
        self.place = place
        folder = place.path + "/engine"
        door = place.path + "/door"
        try Self.demand(
            place, [Self.tools + "/second-engine", "start", folder] + images.flatMap { ["--image", $0] })
        do { try openDoor() } catch {
            try Self.demand(place, [Self.tools + "/second-engine", "stop", folder])
            throw error
        }
    }

    deinit {
        _ = try? place.run([Self.tools + "/ssh-server", "stop", door])
        _ = try? place.run([Self.tools + "/second-engine", "stop", folder])
    }

    private static func demand(_ place: Workplace, _ command: [String]) throws {
        let ended = try place.run(command)
        try #require(ended.code == 0, "\(command): \(ended.errors)")
    }

    /// `ssh://USER@127.0.0.1:PORT/path/of/socket`.
    var url: String { place.read("door/url").trimmingCharacters(in: .newlines) + folder + "/docker.sock" }

    /// Whoever has this finds the `ssh` that is let in.
    var environment: [String: String] {
        ["PATH": "\(door)/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")]
    }

    private func openDoor() throws { try Self.demand(place, [Self.tools + "/ssh-server", "start", door]) }

    /// Kills sshd with all who are connected. Nobody comes in any more.
    func closeDoor() throws {
        let waiting = try #require(pid_t(place.read("door/sshd.pid").trimmingCharacters(in: .newlines)))
        let serving = Self.processes { $0.hasPrefix("sshd: ") }.filter { Self.parent(of: $0) == waiting }
        for process in [waiting] + serving { kill(process, SIGKILL) }
    }

    /// What this machine's docker command says of the far engine.
    func docker(_ arguments: String...) throws -> String {
        let ended = try place.run(["docker", "-H", "unix://\(folder)/docker.sock"] + arguments)
        #expect(ended.code == 0, "\(ended.errors)")
        return ended.output.trimmingCharacters(in: .newlines)
    }

    /// Returns when a container of the task runs there.
    func runs(_ task: String, while engine: Running) throws -> String {
        while true {
            let found = try docker("ps", "-q", "--filter", "label=imflow.task=\(task)")
            if !found.isEmpty { return found }
            try #require(kill(engine.pid, 0) == 0, "it ended before: \(engine.end().errors)")
        }
    }

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

    /// Containers, volumes and networks of imflow that are still there.
    func remains() throws -> String {
        try docker("ps", "-aq") + docker("volume", "ls", "-q") + docker("network", "ls", "-q", "--filter", "name=imflow")
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
