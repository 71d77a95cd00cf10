import Glibc
import ImflowExecution

/// Small files in work folders.
enum WorkFile {
    /// The bytes of a regular file in a folder that a model wrote in: a link, a pipe or a device is refused.
    /// - Parameters:
    ///   - limit: most bytes.
    ///   - name: what messages call the file.
    /// - Returns: nil when there is no such file.
    static func contents(of path: String, limit: Int, name: String) throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            let reason = errno == ELOOP ? "it is a symbolic link" : String(cString: strerror(errno)).lowercased()
            throw Failure(.app, "\(name) cannot be read: \(reason)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(.app, "\(name) is not a regular file")
        }
        guard status.st_size <= limit else {
            throw Failure(
                .app, "\(name) has \(status.st_size) bytes; \(limit) are the most; return large data as files")
        }
        return try bytes(of: descriptor, count: Int(status.st_size), name: name)
    }

    private static func bytes(of descriptor: Int32, count: Int, name: String) throws(Failure) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = read(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled)
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                if got <= 0 { break }
                filled += got
            }
        }
        if failed {
            throw Failure(.infra, "\(name) cannot be read: \(String(cString: strerror(errno)).lowercased())")
        }
        return bytes
    }

    /// Writes a small file so that it is there whole or not at all.
    static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        var written = descriptor >= 0
        if written {
            var position = 0
            while position < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                position += count
            }
            written = position == bytes.count
            close(descriptor)
        }
        guard written, rename(temporary, path) == 0 else {
            throw Failure(
                .infra,
                "cannot write \(path): \(String(cString: strerror(errno)).lowercased()); check that the disk has room")
        }
    }
}
