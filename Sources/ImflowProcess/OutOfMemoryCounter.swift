import Glibc
import Synchronization

/// The kernel's count of processes that it killed because memory ran out, by which a SIGKILL is told from any other.
///
/// Our own control group counts where it can, so that nobody who runs out of memory elsewhere is taken for a child of ours:
/// `oom_kill` in `memory.events` (the group and all below it), and in `memory.oom_control` of version 1 (the group alone). Else it
/// is the machine's count in `/proc/vmstat`. All are there since Linux 4.13.
final class OutOfMemoryCounter: Sendable {
    private struct Reading {
        var count: Int
        var at: ContinuousClock.Instant
    }

    /// An older reading is taken anew: the file takes a while to make.
    private static let freshness = Duration.seconds(1)
    private let last = Mutex<Reading?>(nil)
    private let file: String

    /// - Parameters:
    ///   - groups: the text of `/proc/self/cgroup`.
    ///   - mounts: the text of `/proc/self/mountinfo`.
    init(
        groups: String = text(of: "/proc/self/cgroup"), mounts: String = text(of: "/proc/self/mountinfo"),
        machine: String = "/proc/vmstat"
    ) {
        file = Self.candidates(groups: groups, mounts: mounts).first { Self.count(in: $0) != nil } ?? machine
    }

    /// The count as it was lately, to be taken before a process is started.
    func mark() -> Int {
        last.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last.at < Self.freshness { return last.count }
            let reading = Reading(count: Self.count(in: file) ?? 0, at: now)
            last = reading
            return reading.count
        }
    }

    /// Whether the kernel killed something since `mark`.
    func rose(since mark: Int) -> Bool {
        let count = Self.count(in: file) ?? 0
        last.withLock { $0 = Reading(count: count, at: .now) }
        return count > mark
    }

    private static func text(of file: String) -> String {
        String(decoding: SmallFile.read(file, limit: 1 << 20) ?? [], as: UTF8.self)
    }

    /// Where our control group may count, the best first (cgroups(7), proc_pid_mountinfo(5)).
    private static func candidates(groups: String, mounts: String) -> [String] {
        let lines = groups.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false) }
            .filter { $0.count == 3 }
        if let own = lines.first(where: { $0[1].split(separator: ",").contains("memory") }) {
            return folder(of: own[2], type: "cgroup", option: "memory", mounts)
                .map { ["\($0.mount)\($0.path)/memory.oom_control"] } ?? []
        }
        guard let own = lines.first(where: { $0[0] == "0" && $0[1].isEmpty }),
            let (mount, path) = folder(of: own[2], type: "cgroup2", option: nil, mounts)
        else { return [] }
        // The controller may be on for a group above ours only.
        var all: [String] = []
        var below = path[...]
        while true {
            all.append("\(mount)\(below)/memory.events")
            guard let slash = below.lastIndex(of: "/") else { return all }
            below = below[..<slash]
        }
    }

    /// Where a group's hierarchy is mounted, and its path below.
    private static func folder(
        of group: Substring, type: String, option: String?, _ mounts: String
    ) -> (mount: String, path: String)? {
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, dash > 4, fields[dash + 1] == type
            else { continue }
            if let option, !fields[dash + 3].split(separator: ",").contains(Substring(option)) { continue }
            let root = fields[3] == "/" ? "" : fields[3]
            guard group == root || group.hasPrefix(root + "/") else { continue }
            let path = group.dropFirst(root.count)
            return (String(fields[4]), path == "/" ? "" : String(path))
        }
        return nil
    }

    /// Nil where the kernel does not count.
    private static func count(in file: String) -> Int? {
        guard let bytes = SmallFile.read(file, limit: 1 << 18) else { return nil }
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line.starts(with: "oom_kill ".utf8) {
            return Int(String(decoding: line.dropFirst("oom_kill ".utf8.count), as: UTF8.self))
        }
        return nil
    }
}
