import Glibc
import ImflowExecution
import Synchronization

/// Gives each `rest` instance a TCP port on 127.0.0.1. The first one gets the port of the manifest when that is free, so
/// that a model works that listens there whatever `PORT` says; the others get any free port.
final class LoopbackPorts: Sendable {
    private static let tries = 50
    private let taken = Mutex<Set<Int>>([])

    func take(preferring declared: Int) throws(Failure) -> Int {
        if reserve(declared), Self.bind(declared) == declared { return declared }
        for _ in 0..<Self.tries {
            if let port = Self.bind(0), reserve(port) { return port }
        }
        throw Failure(.infra, "no TCP port is free on 127.0.0.1")
    }

    func giveBack(_ port: Int) { taken.withLock { _ = $0.remove(port) } }

    private func reserve(_ port: Int) -> Bool { taken.withLock { $0.insert(port).inserted } }

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
