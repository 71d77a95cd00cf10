import Glibc
import Synchronization

/// The right to make the call for one key while others wait for its result. An advisory lock on a file: it ends with its
/// holder, whatever ends that.
package final class CacheFlight: Sendable {
    /// How long one that waits for the lock sleeps between two tries; a lock cannot call back.
    package static let interval: Duration = .milliseconds(50)
    private static let nameLimit = 512

    private let path: String
    private let descriptor: Mutex<Int32?>

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = Mutex(descriptor)
    }

    deinit { end() }

    /// - Parameters:
    ///   - path: of the file that is locked, in a folder of its own kind: it is made and removed.
    ///   - holder: what those who wait are told.
    /// - Returns: nil when somebody else holds it, in this process or in another one.
    package static func take(_ path: String, holder: String) throws(ContentError) -> CacheFlight? {
        // Whoever ends a flight removes its file: a lock on a file without a name keeps nobody out.
        for _ in 0..<16 {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw ContentError(errno: errno, "open", path) }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                let code = errno
                close(descriptor)
                if code == EWOULDBLOCK || code == EINTR { return nil }
                throw ContentError(errno: code, "lock", path)
            }
            if isNamed(descriptor, path) {
                let name = Array(holder.utf8.prefix(nameLimit))
                if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, name, name.count, 0) }
                return CacheFlight(path: path, descriptor: descriptor)
            }
            close(descriptor)
        }
        return nil
    }

    /// Who holds the lock, as they named themselves; nil when nobody says.
    static func holder(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: nameLimit) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, nameLimit, 0))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Tells those who wait something else in place of what they read before, which was as long.
    package func tell(_ text: String) {
        let bytes = Array(text.utf8.prefix(Self.nameLimit))
        descriptor.withLock { descriptor in
            if let descriptor { _ = pwrite(descriptor, bytes, bytes.count, 0) }
        }
    }

    /// Lets the next one in. The second time it does nothing.
    package func end() {
        descriptor.withLock { descriptor in
            guard let number = descriptor else { return }
            unlink(path)
            flock(number, LOCK_UN)
            close(number)
            descriptor = nil
        }
    }

    private static func isNamed(_ descriptor: Int32, _ path: String) -> Bool {
        var held = stat()
        var named = stat()
        return fstat(descriptor, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }
}
