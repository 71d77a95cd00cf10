import Glibc

/// The standard input of a container of an engine on this machine, seen from outside: whether the program has read what was
/// written to it.
final class InputFence: Sendable {
    private let descriptor: Int32

    /// Nil: the container's program is none of this machine's, or its input is no pipe that we may open.
    /// - Parameters:
    ///   - process: as the engine numbers it.
    ///   - container: its whole id, which its control group names.
    init?(process: Int, container: String) {
        guard process > 0, container.count >= 64, Self.text(of: "/proc/\(process)/cgroup").contains(container) else {
            return nil
        }
        let descriptor = open("/proc/\(process)/fd/0", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// False: it cannot be written to now.
    func write(_ byte: UInt8) -> Bool {
        withUnsafeBytes(of: byte) { Glibc.write(descriptor, $0.baseAddress, 1) == 1 }
    }

    /// Whether the program has read all that was written.
    var isTaken: Bool {
        var left: Int32 = 0
        return ioctl(descriptor, UInt(FIONREAD), &left) != 0 || left == 0
    }

    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
