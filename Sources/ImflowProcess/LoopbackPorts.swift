import Glibc
import ImflowExecution
import Synchronization

/// Gives each instance that listens a TCP port on 127.0.0.1. The first one gets the port of the manifest when that is free,
/// so that a model works that listens there whatever `PORT` says; the others get any free port.
///
/// A port that was given is free until its program listens there, which may be long after. Until then it is kept for the
/// program by a name that every engine of the machine asks for: an abstract Unix socket (unix(7)), which belongs to the same
/// network namespace as the port and ends with its engine, however that ends.
final class LoopbackPorts: Sendable {
    private static let tries = 50
    /// The sockets that keep the ports, by port; -1: there is none.
    private let taken = Mutex<[Int: Int32]>([:])

    deinit { taken.withLock { taken in for socket in taken.values where socket >= 0 { close(socket) } } }

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
        if let socket = taken.withLock({ $0.removeValue(forKey: port) }), socket >= 0 { close(socket) }
    }

    private func reserve(_ port: Int) -> Bool {
        taken.withLock { taken in
            guard taken[port] == nil, let socket = Self.name(port) else { return false }
            taken[port] = socket
            return true
        }
    }

    /// The socket that has the port's name, -1 where there are no such sockets; nil: another engine has it.
    private static func name(_ port: Int) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return -1 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // An abstract name begins with NUL.
        let name = [0] + Array("imflow/port/\(port)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let answer = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, length) }
        }
        if answer == 0 { return descriptor }
        let isTaken = errno == EADDRINUSE
        close(descriptor)
        return isTaken ? nil : -1
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
