import Glibc

/// Reads files of /proc, whose size is not known before.
enum SmallFile {
    /// The first `limit` bytes; nil when the file cannot be read, or its process is gone.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        let piece = 16 * 1024
        while bytes.count < limit {
            let part = [UInt8](unsafeUninitializedCapacity: piece) { buffer, filled in
                filled = max(0, Glibc.read(descriptor, buffer.baseAddress, piece))
            }
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }
}
