import Glibc
import ImflowHTTP

/// An HTTP/1.1 server on a unix socket: one thread, one request a connection, bounded by its ``ServerLimits``.
package final class SocketServer: Sendable {
    /// Why nothing listens.
    package struct Problem: Error, Sendable, Equatable {
        /// One sentence that names the socket.
        package var message: String
    }

    private let mailbox: ServerMailbox

    /// Listens at `path`, for its owner only. What is there of an earlier server is removed: whoever calls knows that none
    /// is alive.
    package init(
        path: String, limits: ServerLimits = ServerLimits(), handler: any RequestHandler
    ) throws(Problem) {
        let listener = try Self.listen(at: path)
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0
        else {
            close(listener)
            throw Problem(message: "cannot listen at \(path): \(String(cString: strerror(errno)))")
        }
        let mailbox = ServerMailbox(waker: pair[1])
        self.mailbox = mailbox
        let wakes = pair[0]
        let started = DetachedThread.start {
            ServerLoop(listener: listener, wakes: wakes, limits: limits, handler: handler, mailbox: mailbox).run()
        }
        guard started else {
            for descriptor in [listener] + pair { close(descriptor) }
            throw Problem(message: "cannot listen at \(path): the system has no thread to give")
        }
    }

    /// Ends every connection and every answer that is being made. Returns when nothing listens any more.
    package func stop() async { await mailbox.stop() }

    private static func listen(at path: String) throws(Problem) -> Int32 {
        func problem() -> Problem { Problem(message: "cannot listen at \(path): \(String(cString: strerror(errno)))") }
        guard var address = UnixSocketAddress.make(path) else {
            throw Problem(message: "cannot listen at \(path): the path of a unix socket has 1 to 107 bytes")
        }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let listener = socket(AF_UNIX, kind, 0)
        guard listener >= 0 else { throw problem() }
        unlink(path)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0, chmod(path, 0o600) == 0, Glibc.listen(listener, 128) == 0 else {
            let problem = problem()
            close(listener)
            throw problem
        }
        return listener
    }
}

enum UnixSocketAddress {
    /// Nil when the path does not fit.
    static func make(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}
