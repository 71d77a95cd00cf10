import Glibc
import ImflowExecution

/// A program's standard input as an unnamed file: it can be read at any pace, or not at all, and nobody has to write
/// while the program does.
struct RequestFile: ~Copyable {
    /// Open for reading, at its beginning.
    let descriptor: Int32

    /// - Parameter folder: an existing folder; the file has a name beside it for a moment.
    init(_ bytes: [UInt8], beside folder: String) throws(Failure) {
        let path = folder + ".request"
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
        unlink(path)
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = Self.failure(path)
                close(descriptor)
                throw failure
            }
            position += count
        }
        lseek(descriptor, 0, SEEK_SET)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static func failure(_ path: String) -> Failure {
        let reason = String(cString: strerror(errno)).lowercased()
        return Failure(.infra, "cannot write the request to \(path): \(reason); check that the disk has room")
    }
}
