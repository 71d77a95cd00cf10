import Glibc
import Synchronization

/// A lock on a file (flock(2)), held until ``unlock()`` or the end of this process, however it ends.
package final class FileLock: Sendable {
    private let descriptor: Mutex<Int32>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { unlock() }

    /// Nil: another one has it, or there is no such file. Never waits.
    /// - Parameter creating: the file is made where there is none.
    package static func take(_ path: String, creating: Bool = false) -> FileLock? {
        let descriptor = open(path, O_RDWR | (creating ? O_CREAT : 0) | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        let lock = FileLock(descriptor)
        var status = stat()
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
            // Who had it may have removed the file meanwhile.
            status.st_nlink > 0
        else { return nil }
        return lock
    }

    package func unlock() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // A program that is being started has it open, too, for a moment.
            flock(descriptor, LOCK_UN)
            close(descriptor)
            descriptor = -1
        }
    }
}
