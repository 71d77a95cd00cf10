import Glibc

/// A process of this machine, as /proc showed it.
struct FoundProcess: Sendable {
    let id: pid_t
    let group: pid_t
    /// In clock ticks since boot: with the id, it names a process for good.
    let startTime: String
    /// `NAME=value` and a NUL each, as the program was started.
    let environment: [UInt8]

    func variable(_ name: String) -> String? {
        environment.split(separator: 0).first { $0.starts(with: (name + "=").utf8) }
            .map { String(decoding: $0.dropFirst(name.utf8.count + 1), as: UTF8.self) }
    }
}

/// Finds processes by what their environment carries, and ends them. Works for whatever an earlier engine left behind,
/// in whatever process group it is now.
enum ProcessTable {
    /// A longer environment is searched no further.
    private static let environmentLimit = 1 << 20
    /// How long to wait until killed processes are gone.
    private static let patience = Duration.seconds(5)

    /// The processes, less this one, whose environment has all `marks` (`NAME=value`).
    static func processes(carrying marks: [String]) -> [FoundProcess] {
        let marks = marks.map { Array($0.utf8) }
        return identifiers().compactMap { id in
            guard id != getpid(), let environment = SmallFile.read("/proc/\(id)/environ", limit: environmentLimit)
            else {
                return nil
            }
            let variables = environment.split(separator: 0)
            guard marks.allSatisfy({ mark in variables.contains { $0.elementsEqual(mark) } }),
                let (group, startTime) = status(of: id)
            else { return nil }
            return FoundProcess(id: id, group: group, startTime: startTime, environment: environment)
        }
    }

    /// Kills the processes with their groups, and returns when they are gone, even where the calling task is cancelled.
    static func end(_ processes: [FoundProcess]) async {
        if !processes.isEmpty { await Task { await kill(processes) }.value }
    }

    private static func kill(_ processes: [FoundProcess]) async {
        let own = getpgrp()
        let found = Set(processes.map(\.id))
        for process in processes where isAlive(process) {
            // A group is ours when we find its leader among our own, or when the leader is gone and this one is left of it.
            let ours = found.contains(process.group) || status(of: process.group) == nil
            if process.group > 1, process.group != own, ours { Glibc.kill(-process.group, SIGKILL) }
            Glibc.kill(process.id, SIGKILL)
        }
        let deadline = ContinuousClock.now + patience
        while processes.contains(where: isAlive), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Returns when no live process is in the group: those that were killed with their leader may die a little later.
    static func waitUntilGone(group: pid_t) async {
        // Signal 0 only asks. Almost always the leader was the last one.
        guard Glibc.kill(-group, 0) == 0 else { return }
        await Task {
            let deadline = ContinuousClock.now + patience
            while hasLiveMember(group), ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(2)) }
        }.value
    }

    /// Zombies do not count: who inherits an orphan may take its time, or be no good parent.
    private static func hasLiveMember(_ group: pid_t) -> Bool {
        identifiers().contains { status(of: $0)?.group == group }
    }

    private static func isAlive(_ process: FoundProcess) -> Bool {
        status(of: process.id).map { $0.startTime == process.startTime } ?? false
    }

    private static func identifiers() -> [pid_t] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [pid_t] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let id = pid_t(name) { found.append(id) }
        }
        return found
    }

    /// Fields 5 and 22 of /proc/PID/stat; nil when the process is gone or a zombie.
    private static func status(of id: pid_t) -> (group: pid_t, startTime: String)? {
        guard let bytes = SmallFile.read("/proc/\(id)/stat", limit: 4096),
            // The name in field 2 may hold blanks and parentheses of its own.
            let close = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = String(decoding: bytes[(close + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let group = pid_t(fields[2]) else { return nil }
        return (group, String(fields[19]))
    }
}
