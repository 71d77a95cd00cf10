import CSpawnShim
import Glibc
import ImflowContent

/// Where the keepers of a state folder listen for later engines: a socket each.
struct KeeperFolder: Sendable {
    private static let suffix = ".sock"
    private static let backlog: Int32 = 64

    /// Absolute.
    let path: String

    init(_ path: String) { self.path = path }

    /// - Parameter name: never used before.
    /// - Returns: a socket that listens, which does not block; nil: there can be none.
    func listen(as name: String) -> Int32? {
        mkdir(path, 0o700)
        let listener = Self.socket(SOCK_NONBLOCK)
        guard listener >= 0 else { return nil }
        // It gets its name when it listens: whoever found one that refuses him would take it for a dead keeper's.
        let draft = "." + name
        let bound = withAddress(of: draft) { bind(listener, $0, $1) == 0 && Glibc.listen(listener, Self.backlog) == 0 }
        if bound, rename(path + "/" + draft, place(of: name)) == 0 { return listener }
        unlink(path + "/" + draft)
        close(listener)
        return nil
    }

    func remove(_ name: String) { unlink(place(of: name)) }

    /// The keepers that were there lately.
    func names() -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix("."), name.hasSuffix(Self.suffix) { names.append(String(name.dropLast(Self.suffix.count))) }
        }
        return names
    }

    /// A conversation with that keeper. Nil: it is gone, is another user's, or speaks another version.
    func connect(to name: String) -> KeeperChannel? {
        let descriptor = Self.socket(SOCK_STREAM)
        guard descriptor >= 0 else { return nil }
        let channel = KeeperChannel(owning: descriptor)
        guard withAddress(of: name + Self.suffix, { Glibc.connect(descriptor, $0, $1) == 0 }) else {
            if errno == ECONNREFUSED { remove(name) }
            return nil
        }
        guard imflow_peer_is_own_user(descriptor) != 0, let hello = channel.receiveSoon(), hello.word == .hello,
            hello.body.elementsEqual(KeeperChannel.version.utf8)
        else { return nil }
        return channel
    }

    private func place(of name: String) -> String { path + "/" + name + Self.suffix }

    private static func socket(_ flag: __socket_type) -> Int32 {
        Glibc.socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | flag.rawValue), 0)
    }

    /// A socket's path has no more than 107 bytes, a state folder's may have: it is named by its descriptor.
    private func withAddress(
        of file: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer {
            let reason = errno
            close(folder)
            errno = reason
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array("/proc/self/fd/\(folder)/\(file)".utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
