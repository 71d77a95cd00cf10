import Glibc
import ImflowExecution
import ImflowInvocation
import Synchronization

/// Gives each instance that listens a TCP port on 127.0.0.1. The first one gets the port of the manifest when that is free,
/// so that a model works that listens there whatever `PORT` says; the others get any free port.
///
/// Between the choice of a port and the moment when the model listens there, the port looks free to others. Where all
/// engines of a user lock a file of the port's number, none sends its requests to another one's model.
final class LoopbackPorts: Sendable {
    private static let tries = 50
    /// Not below a state folder: ports are the machine's. Not below `TMPDIR`, which may differ between engines.
    private let folder = "/tmp/imflow-ports-\(geteuid())"
    private let taken = Mutex<[Int: FileLock?]>([:])

    func take(preferring declared: Int) throws(Failure) -> Int {
        if reserve(declared) {
            if Self.bind(declared) == declared { return declared }
            giveBack(declared)
        }
        for _ in 0..<Self.tries {
            if let port = Self.bind(0), reserve(port) { return port }
        }
        throw Failure(.infra, "no TCP port is free on 127.0.0.1")
    }

    func giveBack(_ port: Int) {
        guard let lock = taken.withLock({ $0.removeValue(forKey: port) }) else { return }
        unlink(path(port))
        lock?.unlock()
    }

    private func path(_ port: Int) -> String { "\(folder)/\(port)" }

    /// - Returns: false: it is taken.
    private func reserve(_ port: Int) -> Bool {
        taken.withLock { taken in
            guard !taken.keys.contains(port) else { return false }
            // Without the folder there is nobody to agree with.
            let lock = isShared ? FileLock.take(path(port), creating: true) : nil
            if isShared, lock == nil { return false }
            taken[port] = .some(lock)
            return true
        }
    }

    /// Whether the locks' folder is there, and this user's.
    private var isShared: Bool {
        mkdir(folder, 0o700)
        var status = stat()
        return lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
    }

    /// Takes the port (0: any) for a moment.
    /// - Returns: its number; nil when someone listens there or we may not.
    private static func bind(_ port: Int) -> Int? {
        guard let number = in_port_t(exactly: port) else { return nil }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Connections of an earlier instance that linger after it do not hold the port; whoever listens does.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let answer = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Glibc.bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        return answer == 0 ? Int(in_port_t(bigEndian: address.sin_port)) : nil
    }
}
