import Glibc
import ImflowExecution

/// Folders that models work in: made and removed here. Links are never followed.
enum WorkFolder {
    /// Makes the folder (0700) and its parents.
    static func create(_ path: String) throws(Failure) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try create(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        let reason = String(cString: strerror(errno)).lowercased()
        throw Failure(.infra, "cannot make the work folder \(path): \(reason); check that the state folder can be written and has room")
    }

    /// Removes the folder with all that is in it, as far as that can be done.
    static func remove(_ path: String) {
        if rmdir(path) == 0 || errno == ENOENT { return }
        if errno == ENOTDIR {
            unlink(path)
            return
        }
        // A model may have taken its own folders' permissions away.
        if access(path, R_OK | W_OK | X_OK) != 0 { chmod(path, 0o700) }
        for name in names(in: path) { remove(path + "/" + name) }
        rmdir(path)
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// What the folder holds, without `.` and `..`; nothing when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The bytes of a regular file below a folder that a model wrote in: a link, a pipe or a device is none.
    /// - Returns: nil when there is no such file.
    static func contents(of path: String, limit: Int) throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            let reason = errno == ELOOP ? "it is a symbolic link" : String(cString: strerror(errno)).lowercased()
            throw Failure(.app, "cannot read the result file: \(reason)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(.app, "the result file is not a regular file")
        }
        guard status.st_size <= limit else {
            throw Failure(.app, "the result file has \(status.st_size) bytes; \(limit) are the most; return large data as files")
        }
        return try bytes(of: descriptor, count: Int(status.st_size))
    }

    private static func bytes(of descriptor: Int32, count: Int) throws(Failure) -> [UInt8] {
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
        if failed { throw Failure(.infra, "cannot read the result file: \(String(cString: strerror(errno)).lowercased())") }
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
                let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                position += count
            }
            written = position == bytes.count
            close(descriptor)
        }
        guard written, rename(temporary, path) == 0 else {
            throw Failure(.infra, "cannot write \(path): \(String(cString: strerror(errno)).lowercased()); check that the disk has room")
        }
    }
}
