import Glibc

/// Waiting for one descriptor.
enum DescriptorWait {
    /// Until bytes can be read, or written when `writing`, or the time is over (nil: never). Nil: it is over, and nothing can
    /// be done now.
    static func wait(
        _ descriptor: Int32, writing: Bool, until deadline: ContinuousClock.Instant?
    ) -> (readable: Bool, writable: Bool)? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN) | (writing ? Int16(POLLOUT) : 0), revents: 0)
        while true {
            var milliseconds: Int32 = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
                milliseconds = Int32(min(max(left.rounded(.up), 0), 60_000))
            }
            let count = poll(&entry, 1, milliseconds)
            if count > 0 {
                let ended = Int16(POLLHUP | POLLERR | POLLNVAL)
                return (
                    entry.revents & (Int16(POLLIN) | ended) != 0,
                    writing && entry.revents & (Int16(POLLOUT) | ended) != 0
                )
            }
            if let deadline, deadline <= .now { return nil }
        }
    }
}
