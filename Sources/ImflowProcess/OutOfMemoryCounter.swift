import Glibc
import Synchronization

/// The kernel's count of processes that it killed because memory ran out (`oom_kill` in /proc/vmstat, since Linux 4.13;
/// memory limits of control groups count, too).
final class OutOfMemoryCounter: Sendable {
    private struct Reading {
        var count: Int
        var at: ContinuousClock.Instant
    }

    /// An older reading is taken anew: the file takes a while to make.
    private static let freshness = Duration.seconds(1)
    private let last = Mutex<Reading?>(nil)

    /// The count as it was lately, to be taken before a process is started.
    func mark() -> Int {
        last.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last.at < Self.freshness { return last.count }
            let reading = Reading(count: Self.read(), at: now)
            last = reading
            return reading.count
        }
    }

    /// Whether the kernel killed something since `mark`.
    func rose(since mark: Int) -> Bool {
        let count = Self.read()
        last.withLock { $0 = Reading(count: count, at: .now) }
        return count > mark
    }

    /// 0 where the kernel does not count.
    private static func read() -> Int {
        guard let bytes = SmallFile.read("/proc/vmstat", limit: 1 << 18) else { return 0 }
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line.starts(with: "oom_kill ".utf8) {
            return Int(String(decoding: line.dropFirst("oom_kill ".utf8.count), as: UTF8.self)) ?? 0
        }
        return 0
    }
}
