import Glibc
internal import ImflowExecution
import Synchronization

/// A file of this machine, named by a `file:` URL (RFC 8089). It is copied, never linked: its owner may change it later.
final class FileSource: Sendable {
    private let path: String
    private let shown: String
    private let limits: FetchLimits
    private let isCancelled = Atomic(false)

    private static let pieceSize = 1 << 20
    /// `FICLONE` of linux/fs.h, which is a macro that Swift does not see.
    private static let cloneRequest: UInt = 0x4004_9409

    init(_ url: FetchURL, limits: FetchLimits) throws(Failure) {
        shown = url.shown
        self.limits = limits
        path = try Self.path(of: url)
    }

    /// The copy ends at its next piece.
    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Waits for the disk.
    func copy(to target: TemporaryFile) throws(Failure) {
        let source = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard source >= 0 else { throw refusal(errno) }
        defer { close(source) }
        let before = try status(of: source)
        try checkKind(before)
        if before.st_size > limits.maximumSize.bytes { throw tooLarge }
        // Where the file system can share blocks until one side is written to, that is the whole copy.
        let isCloned = before.st_size > 0 && ioctl(target.descriptor, Self.cloneRequest, source) == 0
        if !isCloned { try copyPieces(from: source, to: target) }
        let after = try status(of: source)
        let isSame =
            after.st_size == before.st_size && after.st_mtim.tv_sec == before.st_mtim.tv_sec
            && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
        if !isSame {
            throw Failure(.app, "\(shown) changed while it was read; run again when nothing writes to it any more")
        }
    }

    private func copyPieces(from source: Int32, to target: TemporaryFile) throws(Failure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        var copied: Int64 = 0
        while true {
            if isCancelled.load(ordering: .relaxed) { throw Failure(.cancelled, "reading \(shown) was cancelled") }
            let count = read(source, buffer.baseAddress, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw unreadable(errno)
            }
            if count == 0 { return }
            copied += Int64(count)
            if copied > limits.maximumSize.bytes { throw tooLarge }
            guard target.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
                throw target.failure ?? unreadable(EIO)
            }
        }
    }

    private func status(of descriptor: Int32) throws(Failure) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(errno) }
        return status
    }

    private func checkKind(_ status: stat) throws(Failure) {
        let kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: ""
            case S_IFDIR: "a folder"
            case S_IFIFO: "a named pipe"
            case S_IFSOCK: "a socket"
            default: "a device"
            }
        if !kind.isEmpty { throw Failure(.app, "\(shown) is \(kind); give a regular file") }
    }

    private func refusal(_ number: Int32) -> Failure {
        switch number {
        case ENOENT: Failure(.app, "\(shown) does not exist")
        case ENOTDIR: Failure(.app, "\(shown) does not exist: a part of the path before its end is not a folder")
        case EACCES, EPERM: Failure(.app, "\(shown) may not be read by this user; give it read permission")
        case ENXIO: Failure(.app, "\(shown) is not a regular file")
        case ELOOP: Failure(.app, "\(shown) is a symbolic link that leads in a circle")
        case ENAMETOOLONG: Failure(.app, "\(shown) is longer than a path may be")
        default: unreadable(number)
        }
    }

    private func unreadable(_ number: Int32) -> Failure {
        Failure(.infra, "\(shown) cannot be read: \(String(cString: strerror(number)).lowercased())")
    }

    private var tooLarge: Failure {
        Failure(.app, "\(shown) is larger than \(limits.shownMaximum), the most that is fetched")
    }

    /// `file:///path`, `file://localhost/path` or `file:/path`. `?` and `#` belong to the path: files have no query.
    private static func path(of url: FetchURL) throws(Failure) -> String {
        var path = url.rest
        if path.hasPrefix("//") {
            let host = path.dropFirst(2).prefix { $0 != "/" }
            guard host.isEmpty || host.lowercased() == "localhost" else {
                throw Failure(.app, "\(url.shown) names the machine '\(host)'; give file:///, then the absolute path")
            }
            path = path.dropFirst(2 + host.count)
        }
        guard path.hasPrefix("/") else {
            throw Failure(.app, "\(url.shown) has no absolute path; give file:///, then the absolute path")
        }
        guard let bytes = PercentEncoding.decode(path), let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.app, "\(url.shown) has a percent sign that encodes nothing; write '%' as %25")
        }
        guard !bytes.contains(0) else { throw Failure(.app, "\(url.shown) has a zero byte in its path") }
        return text
    }
}
