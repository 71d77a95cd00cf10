import Glibc
import Synchronization

/// A lock on a file (flock(2)), held until ``unlock()`` or the end of this process, however it ends. The file stays.
final class FileLock: Sendable {
    private let descriptor: Mutex<Int32>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { unlock() }

    /// Nil: another one has it, or its folder is gone. Never waits.
    static func take(_ path: String, shared: Bool = false) -> FileLock? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        let lock = FileLock(descriptor)
        var status = stat()
        guard flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
            // Who had it may have removed the file meanwhile.
            status.st_nlink > 0
        else { return nil }
        return lock
    }

    func unlock() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }
}
