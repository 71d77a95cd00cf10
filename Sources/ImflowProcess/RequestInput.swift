import Glibc
import ImflowExecution

/// A program's standard input that nobody has to write while the program runs: it can be read at any pace, or not at all.
/// What fits into a pipe is put there; more goes to a file without a name.
struct RequestInput: ~Copyable {
    /// Less than any pipe holds on Linux, where a user's many pipes may have one page each.
    private static let pipeCapacity = 4096

    /// Open for reading, at its beginning.
    let descriptor: Int32

    /// - Parameter folder: an existing folder; a large request has a name beside it for a moment.
    init(_ bytes: [UInt8], beside folder: String) throws(Failure) {
        if bytes.count <= Self.pipeCapacity, let descriptor = Self.pipe(holding: bytes) {
            self.descriptor = descriptor
        } else {
            descriptor = try Self.file(holding: bytes, path: folder + ".request")
        }
    }

    private init(open descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// An input that is at its end.
    static func nothing() throws(Failure) -> RequestInput {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("/dev/null") }
        return RequestInput(open: descriptor)
    }

    /// The end to read from; nil when there is no pipe to be had.
    private static func pipe(holding bytes: [UInt8]) -> Int32? {
        guard let ends = try? OutputPipe.ends() else { return nil }
        defer { close(ends.writing) }
        guard bytes.isEmpty || write(ends.writing, bytes, bytes.count) == bytes.count else {
            close(ends.reading)
            return nil
        }
        return ends.reading
    }

    private static func file(holding bytes: [UInt8], path: String) throws(Failure) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        unlink(path)
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = failure(path)
                close(descriptor)
                throw failure
            }
            position += count
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    private static func failure(_ path: String) -> Failure {
        let reason = String(cString: strerror(errno)).lowercased()
        return Failure(.infra, "cannot write the request to \(path): \(reason); check that the disk has room")
    }
}
