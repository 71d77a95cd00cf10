import Glibc
import ImflowPlan

/// A log that a model's standard error is appended to. Reading and noting never fail an attempt: a log that cannot be
/// read or written is an empty one.
struct LogFile: Sendable {
    let path: String

    /// In bytes; 0 when there is none.
    var size: Int {
        var status = stat()
        return lstat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Appends a line of ours, as long as the log has room.
    func note(_ line: String) { append(Array("imflow: \(line)\n".utf8)) }

    /// The last lines written since the log was `offset` bytes long, for a message; empty when there are none.
    func tail(from offset: Int, lines: Int = 5, bytes: Int = 1000) -> String {
        let end = size
        let start = max(offset, end - bytes)
        guard end > start else { return "" }
        let text = Quotation.printable(read(from: start, count: end - start), keepingLines: true)
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    /// Appends what `source` got since it was `offset` bytes long.
    func append(from source: LogFile, since offset: Int) {
        let grown = source.size - offset
        guard grown > 0 else { return }
        let room = min(grown, Launch.logLimit - size)
        guard room > 0 else { return }
        append(source.read(from: offset, count: room))
    }

    private func append(_ bytes: [UInt8]) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard lseek(descriptor, 0, SEEK_END) + bytes.count <= Launch.logLimit else { return }
        _ = write(descriptor, bytes, bytes.count)
    }

    private func read(from offset: Int, count: Int) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
        }
    }
}
