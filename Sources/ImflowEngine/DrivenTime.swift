import ImflowPlan

/// How long a job has been driven: what its time limit is measured by. The time between a pause and the next resume does not
/// count; of a crash, nothing after the last attempt that was started does. A job that had finished starts over with its whole
/// time. A clock that is set back never gives time back.
struct DrivenTime: Sendable {
    private var since: Int64 = 0
    private var spent: Int64 = 0
    private var lastSeen: Int64 = 0

    mutating func begin(at time: Int64) {
        since = time
        lastSeen = time
    }

    mutating func saw(_ time: Int64) { lastSeen = max(lastSeen, time) }

    mutating func pause(at time: Int64) {
        saw(time)
        bank()
    }

    /// - Parameter isFresh: the job had finished.
    mutating func resume(at time: Int64, isFresh: Bool) {
        if isFresh { spent = 0 } else { bank() }
        begin(at: time)
    }

    /// When a limit of this length passes, if the job is driven on.
    func end(of limit: TimeSpan) -> Int64 {
        since.addingClamped(max(limit.milliseconds - min(spent, limit.milliseconds), 0))
    }

    private mutating func bank() {
        spent = spent.addingClamped(max(lastSeen - since, 0))
        since = lastSeen
    }
}

extension Int64 {
    /// The sum, or the end of the range that it would leave.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}
