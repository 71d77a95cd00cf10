import Glibc
internal import ImflowExecution

/// An open regular file, closed when it goes out of scope.
struct OpenFile: ~Copyable {
    /// Files are read, hashed and copied in pieces of this many bytes.
    static let pieceSize = 1 << 20

    /// `FICLONE` of linux/fs.h, which is a macro that Swift does not see.
    private static let cloneRequest: UInt = 0x4004_9409
    /// `F_SETLEASE` and `F_SETSIG` of linux/fcntl.h, which glibc shows to programs with `_GNU_SOURCE` only.
    private static let (setLease, setSignal): (Int32, Int32) = (1024, 10)

    let descriptor: Int32
    /// What messages call the file.
    let path: String
    let status: stat

    private init(descriptor: Int32, path: String) throws(ContentError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw ContentError(errno: code, "look at", path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ContentError(.corrupt, path: path, "\(path) is not a regular file")
        }
        self.descriptor = descriptor
        self.path = path
        self.status = status
    }

    deinit { close(descriptor) }

    /// Refuses symbolic links, and does not wait for the other end of a pipe. With `folder`, a descriptor, `name` is
    /// opened in it, and `path` is only what messages call the file.
    init(reading path: String, name: String? = nil, in folder: Int32 = AT_FDCWD) throws(ContentError) {
        let descriptor = openat(folder, name ?? path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw ContentError(errno: errno, "open", path) }
        try self.init(descriptor: descriptor, path: path)
    }

    /// Makes a new file; fails when there is one.
    init(creating path: String, mode: mode_t) throws(ContentError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw ContentError(errno: errno, "create", path) }
        try self.init(descriptor: descriptor, path: path)
    }

    var size: Int64 { Int64(status.st_size) }
    /// How many names the file has.
    var linkCount: Int { Int(status.st_nlink) }

    /// Fills `buffer` as far as the file goes; 0 at its end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ContentError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw ContentError(errno: errno, "read", path) }
        }
    }

    /// Fills `buffer` from byte `offset` as far as the file goes; 0 at its end. Where the file stands does not change.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ContentError) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            if errno != EINTR { throw ContentError(errno: errno, "read", path) }
        }
    }

    /// The file's bytes from where it stands; more than `limit` are an error.
    func contents(limit: Int) throws(ContentError) -> [UInt8] {
        guard size <= Int64(limit) else {
            throw ContentError(.other, path: path, "\(path) has \(size) bytes, more than the \(limit) that are read here")
        }
        let most = Int(size)
        var failure: ContentError?
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            do throws(ContentError) {
                while count < most {
                    let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[count..<most]))
                    let piece = try read(into: rest)
                    if piece == 0 { break }
                    count += piece
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ContentError) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, start, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw ContentError(errno: errno, "write", path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func write(_ bytes: [UInt8]) throws(ContentError) {
        var failure: ContentError?
        bytes.withUnsafeBytes { buffer in
            do throws(ContentError) { try write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    func synchronize() throws(ContentError) {
        guard fsync(descriptor) == 0 else { throw ContentError(errno: errno, "write", path) }
    }

    func rewind() throws(ContentError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw ContentError(errno: errno, "read", path) }
    }

    func digest() throws(ContentError) -> (hash: ContentHash, size: Int64) {
        var hasher = SHA256Hasher()
        var size: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            if count == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            size += Int64(count)
        }
        return (hasher.finish(), size)
    }

    /// Lets `target`, which must be empty, share this file's blocks until one of the two is written to.
    /// - Returns: false where the file system cannot.
    func clone(to target: borrowing OpenFile) -> Bool {
        size > 0 && ioctl(target.descriptor, Self.cloneRequest, descriptor) == 0
    }

    /// Gives this very file, whatever became of its name, a second one on the same file system.
    /// - Returns: false where that cannot be: another file system, as many names as it takes, `path` is taken, a mount
    ///   without /proc.
    func link(to path: String) -> Bool {
        linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0
    }

    /// What the file is now; nil: the system does not say.
    var current: stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status : nil
    }

    /// Whether no program has the file open, or mapped, for writing; false also where the file system does not tell.
    /// That is what a lease for reading is granted on (fcntl(2), F_SETLEASE); it is given back at once.
    var hasNoWriter: Bool {
        // Who opens the file for writing meanwhile breaks the lease: of the signals of which nobody hears.
        guard fcntl(descriptor, Self.setSignal, SIGURG) == 0, fcntl(descriptor, Self.setLease, Int32(F_RDLCK)) == 0
        else { return false }
        return fcntl(descriptor, Self.setLease, Int32(F_UNLCK)) == 0
    }

    /// Writes the rest of this file to `target`, and answers what it wrote.
    func copy(to target: borrowing OpenFile) throws(ContentError) -> (hash: ContentHash, size: Int64) {
        var hasher = SHA256Hasher()
        var size: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            if count == 0 { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(piece)
            try target.write(piece)
            size += Int64(count)
        }
        return (hasher.finish(), size)
    }
}

extension stat {
    /// Whether neither the bytes, as far as their time tells, nor their number have changed; its names do not matter.
    func isUntouched(since earlier: stat) -> Bool {
        st_ino == earlier.st_ino && st_dev == earlier.st_dev && st_size == earlier.st_size
            && st_mtim.tv_sec == earlier.st_mtim.tv_sec && st_mtim.tv_nsec == earlier.st_mtim.tv_nsec
    }
}
