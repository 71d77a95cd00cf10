import Glibc
import Synchronization

/// The file that an answer's body goes to.
final class DownloadFile: Sendable {
    private let path: String
    private let descriptor: Int32
    private let errorNumber = Mutex<Int32>(0)

    init(path: String) throws(HTTPError) {
        self.path = path
        descriptor = path.utf8.contains(0) ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw .other(Self.text(path, errno)) }
    }

    deinit { close(descriptor) }

    /// Why writing failed; nil: it did not.
    var failure: String? {
        let number = errorNumber.withLock { $0 }
        return number == 0 ? nil : Self.text(path, number)
    }

    /// False when the file system refuses.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EINTR {
                let number = errno
                errorNumber.withLock { $0 = number }
                return false
            }
        }
        return true
    }

    private static func text(_ path: String, _ number: Int32) -> String {
        "\(path) cannot be written: \(String(cString: strerror(number)))."
    }
}
