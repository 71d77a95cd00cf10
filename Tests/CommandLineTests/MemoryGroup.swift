import Glibc

/// A control group with a limit of memory, where this machine lets us make one.
struct MemoryGroup {
    struct Unavailable: Error {}

    private static let versionOne = "/sys/fs/cgroup/memory"
    private static let versionTwo = "/sys/fs/cgroup"
    private let path: String

    static var isAvailable: Bool {
        guard let group = try? MemoryGroup(limit: 1 << 30) else { return false }
        group.remove()
        return true
    }

    /// - Parameter limit: in bytes.
    init(limit: Int) throws {
        let name = "/imflow-test-" + String(UInt64.random(in: .min ... .max), radix: 16)
        let isOne = access(Self.versionOne + "/memory.limit_in_bytes", F_OK) == 0
        path = (isOne ? Self.versionOne : Self.versionTwo) + name
        guard mkdir(path, 0o755) == 0 else { throw Unavailable() }
        guard Self.put(String(limit), in: path + (isOne ? "/memory.limit_in_bytes" : "/memory.max")) else {
            rmdir(path)
            throw Unavailable()
        }
        _ = Self.put("0", in: path + "/memory.swap.max")
    }

    /// A process that writes its id here belongs to the group.
    var members: String { path + "/cgroup.procs" }

    func remove() { rmdir(path) }

    private static func put(_ text: String, in file: String) -> Bool {
        let descriptor = open(file, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return write(descriptor, text, text.utf8.count) == text.utf8.count
    }
}
