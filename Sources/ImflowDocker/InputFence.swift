import Glibc

/// The standard input and output of a container's program on an engine of this machine, seen from outside: whether the program
/// has read what was written to it, and a mark behind what it has written.
final class InputFence: Sendable {
    private let descriptor: Int32
    /// Of the program in /proc: it is never another one's, though numbers are used again.
    private let folder: Int32
    /// The pipe of its standard output when it was started; nil: it may be the program's own.
    private let output: ino_t?

    /// Nil: the container's program is none of this machine's, or its input is no pipe that we may open.
    /// - Parameters:
    ///   - process: as the engine numbers it.
    ///   - container: its whole id, which its control group names.
    ///   - isInit: the process is an init before the program, which leaves its descriptors as they are.
    init?(process: Int, container: String, isInit: Bool = false) {
        guard process > 0, container.count >= 64 else { return nil }
        let folder = open("/proc/\(process)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        guard Self.text(of: "cgroup", in: folder).contains(container),
            let (descriptor, _) = Self.openPipe("fd/0", in: folder)
        else {
            close(folder)
            return nil
        }
        self.folder = folder
        self.descriptor = descriptor
        let pipe = isInit ? Self.openPipe("fd/1", in: folder) : nil
        output = pipe?.number
        if let pipe { close(pipe.descriptor) }
    }

    deinit {
        close(descriptor)
        close(folder)
    }

    /// False: it cannot be written to now.
    func write(_ byte: UInt8) -> Bool {
        withUnsafeBytes(of: byte) { Glibc.write(descriptor, $0.baseAddress, 1) == 1 }
    }

    /// Whether the program has read all that was written.
    var isTaken: Bool {
        var left: Int32 = 0
        return ioctl(descriptor, UInt(FIONREAD), &left) != 0 || left == 0
    }

    /// Puts a mark behind all that the program has written to its standard output. Nil: that cannot be done now.
    func mark() -> [UInt8]? {
        guard let output, let pipe = Self.openPipe("fd/1", in: folder) else { return nil }
        // Not kept open: the output ends when nobody can write to it any more.
        defer { close(pipe.descriptor) }
        guard pipe.number == output else { return nil }
        let text = Array("imflow-mark-\(String(UInt64.random(in: .min ... .max), radix: 16))\n".utf8)
        // So short, it goes whole or not at all.
        return text.withUnsafeBytes { Glibc.write(pipe.descriptor, $0.baseAddress, $0.count) } == text.count ? text : nil
    }

    private static func openPipe(_ name: String, in folder: Int32) -> (descriptor: Int32, number: ino_t)? {
        let descriptor = openat(folder, name, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            close(descriptor)
            return nil
        }
        return (descriptor, status.st_ino)
    }

    private static func text(of name: String, in folder: Int32) -> String {
        let descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
