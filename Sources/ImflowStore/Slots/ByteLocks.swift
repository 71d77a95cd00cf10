import Glibc

/// Locks on single bytes of a file, held by this open file and by no other, not even of this process. The kernel frees
/// them when the process ends, however it ends. (`F_OFD_SETLK`, Linux 3.15; proposed for POSIX.)
struct ByteLocks: Sendable {
    // <fcntl.h> of Glibc shows these to programs that define _GNU_SOURCE; the numbers are the kernel's.
    private static let query: Int32 = 36
    private static let set: Int32 = 37
    private static let setAndWait: Int32 = 38

    let descriptor: Int32

    /// Whether the byte is ours now. On a file system without such locks, or when the kernel has no room for more, the
    /// answer is yes: work is not held up by what keeps it in bounds.
    func take(_ byte: Int64) -> Bool {
        var lock = Self.lock(byte, F_WRLCK)
        while fcntl(descriptor, Self.set, &lock) != 0 {
            if errno == EAGAIN || errno == EACCES { return false }
            if errno != EINTR { return true }
        }
        return true
    }

    /// Waits until the byte is ours.
    func wait(_ byte: Int64) {
        var lock = Self.lock(byte, F_WRLCK)
        while fcntl(descriptor, Self.setAndWait, &lock) != 0 && errno == EINTR {}
    }

    func give(_ byte: Int64) {
        var lock = Self.lock(byte, F_UNLCK)
        while fcntl(descriptor, Self.set, &lock) != 0 && errno == EINTR {}
    }

    /// Whether another open file holds the byte.
    func isHeldByAnother(_ byte: Int64) -> Bool {
        var lock = Self.lock(byte, F_WRLCK)
        return fcntl(descriptor, Self.query, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    private static func lock(_ byte: Int64, _ kind: Int32) -> flock {
        var lock = flock()
        lock.l_type = Int16(kind)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(byte)
        lock.l_len = 1
        return lock
    }
}
