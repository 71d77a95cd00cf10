/// The process that drives a job, and so holds its lease. A holder that is gone holds nothing.
package struct LeaseHolder: Sendable, Codable, Equatable {
    package var pid: Int32
    /// In clock ticks since boot: tells a reused pid from the holder.
    package var startTicks: UInt64
    /// Drawn by the machine at each boot.
    package var boot: String

    package init(pid: Int32, startTicks: UInt64, boot: String) {
        self.pid = pid
        self.startTicks = startTicks
        self.boot = boot
    }

    /// Whether the process still runs.
    /// - Parameters:
    ///   - boot: of the machine as it is.
    ///   - startTicks: of the process that has a pid now; nil when none has it.
    package func isAlive(boot: String, startTicks: (Int32) -> UInt64?) -> Bool {
        self.boot == boot && startTicks(pid) == self.startTicks
    }

    /// Whether `other` may not drive the job because this one does. Asking again for what one holds is no harm.
    package func keepsOut(_ other: LeaseHolder, boot: String, startTicks: (Int32) -> UInt64?) -> Bool {
        self != other && isAlive(boot: boot, startTicks: startTicks)
    }
}
