import Glibc
import ImflowInvocation

/// How a program ended that no engine waited for, in a file that the next engine takes. What the program printed stands
/// there as it was, so only its user may read it.
enum ExitRecord {
    private static let format = "imflow.exit/1"

    /// A record that cannot be written is none: the attempt is lost then.
    static func write(_ exit: Exit, of key: String, to path: String) {
        var fields = FieldWriter()
        fields.put(format)
        fields.put(key)
        fields.put(exit.body)
        let draft = path + ".draft"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let isWhole = write(fields.bytes, to: descriptor)
        close(descriptor)
        if !isWhole || rename(draft, path) != 0 { unlink(draft) }
    }

    /// What is recorded of this start, which is not there any more then. Nil: nothing.
    static func take(_ path: String, of key: String) -> Exit? {
        defer { unlink(path) }
        guard let bytes = SmallFile.read(path, limit: Launch.outputLimit + 1 << 20) else { return nil }
        var fields = FieldReader(bytes)
        guard fields.text() == format, fields.text() == key, let body = fields.field(), fields.isAtEnd else { return nil }
        return Exit(body: body)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            position += count
        }
        return true
    }
}
