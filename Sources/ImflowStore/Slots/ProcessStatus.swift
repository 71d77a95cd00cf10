import FoundationEssentials
import Glibc

/// What `/proc/PID/stat` says of a process.
package struct ProcessStatus: Sendable, Equatable {
    /// `R` runs, `S` sleeps, `T` is stopped, `Z` is gone and waits for its parent.
    package var letter: Character
    /// When it started, in clock ticks since the machine did.
    package var startTicks: UInt64

    /// Nil: there is no such process.
    package init?(of pid: Int32) {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/stat")) else { return nil }
        // The second field, the command in parentheses, may hold anything; count from its end.
        let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 19, let letter = fields[0].first, let ticks = UInt64(fields[19]) else { return nil }
        self.letter = letter
        startTicks = ticks
    }

    /// By a signal (SIGSTOP, Ctrl-Z) or a debugger.
    package static func isStopped(_ pid: Int32) -> Bool {
        ProcessStatus(of: pid).map { $0.letter == "T" || $0.letter == "t" } ?? false
    }
}
