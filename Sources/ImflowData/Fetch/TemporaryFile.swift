import Glibc
internal import ImflowContent
internal import ImflowExecution
import Synchronization

/// A new file in the content store's own folder for what is being written; gone with this object unless it was stored.
/// One writer at a time.
final class TemporaryFile: Sendable {
    let path: String
    let descriptor: Int32
    private let content: ContentStore
    private let isKept: Bool
    private let problem = Mutex<Failure?>(nil)

    init(in content: ContentStore) throws(Failure) {
        self.content = content
        isKept = false
        path = content.temporaryFile()
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw Self.failure(errno, folder: content.folder) }
    }

    /// The file at `path`, made when there is none, written to at its end. It stays when this object goes.
    init(continuing path: String, for content: ContentStore) throws(Failure) {
        self.content = content
        self.path = path
        isKept = true
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { throw Self.failure(errno, folder: content.folder) }
    }

    deinit {
        close(descriptor)
        if !isKept { unlink(path) }
    }

    /// In bytes.
    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Cuts it off, and goes on there.
    func truncate(to size: Int64) {
        if ftruncate(descriptor, off_t(size)) != 0 || lseek(descriptor, off_t(size), SEEK_SET) < 0 { fail(errno) }
    }

    /// Up to `count` bytes from `offset`; fewer where the file ends. Nil when it cannot be read.
    func read(_ count: Int, at offset: Int64) -> [UInt8]? {
        var isBroken = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let piece = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if piece < 0, errno == EINTR { continue }
                isBroken = piece < 0
                if piece <= 0 { return }
                filled += piece
            }
        }
        return isBroken ? nil : bytes
    }

    /// Removes it from its folder now; who holds this object can read and write on until that goes.
    func discard() { unlink(path) }

    /// Why writing failed; nil: it did not.
    var failure: Failure? { problem.withLock { $0 } }

    /// False when it cannot be; ``failure`` says why.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EINTR {
                fail(errno)
                return false
            }
        }
        return true
    }

    func fail(_ number: Int32) {
        let failure = Self.failure(number, folder: content.folder)
        problem.withLock { $0 = failure }
    }

    /// Moves the file into the content store under its hash. Waits for the disk.
    func store() throws(Failure) -> ContentHash {
        do throws(ContentError) {
            return try content.put(fileAt: path, moving: true).hash
        } catch {
            throw Failure(storing: error)
        }
    }

    private static func failure(_ number: Int32, folder: String) -> Failure {
        switch number {
        case ENOSPC, EDQUOT:
            Failure(.infra, "the disk of \(folder) is full; free some space, or choose another folder with --state")
        default: Failure(.infra, "cannot write in \(folder): \(String(cString: strerror(number)).lowercased())")
        }
    }
}
