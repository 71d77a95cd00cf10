import Glibc
import Synchronization

/// One connection to a unix socket.
final class UnixSocket: HijackConnection {
    private struct State {
        var descriptor: Int32 = -1
        var isInterrupted = false
    }

    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    deinit { close() }

    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    var reason: String? { nil }

    func interrupt() {
        state.withLock { state in
            state.isInterrupted = true
            if state.descriptor >= 0 { shutdown(state.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func close() {
        state.withLock { state in
            if state.descriptor >= 0 { Glibc.close(state.descriptor) }
            state.descriptor = -1
        }
    }

    func connect(until deadline: ContinuousClock.Instant) -> String? {
        guard var address = Self.address(path) else { return "the path of a unix socket has 1 to 107 bytes" }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        state.withLock { $0.descriptor = descriptor }
        // A listener with a full queue makes us wait, and such a wait cannot be woken: so it is taken in slices.
        var slice = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &slice, socklen_t(MemoryLayout<timeval>.size))
        while true {
            let code = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            // An interruption that came before found nothing to shut down.
            if code == 0 { return isInterrupted ? "interrupted" : nil }
            guard errno == EAGAIN || errno == EINTR else { return String(cString: strerror(errno)) }
            if isInterrupted { return "interrupted" }
            if deadline <= .now { return "nobody accepted the connection in time" }
        }
    }

    func wait(writing: Bool, until deadline: ContinuousClock.Instant?) -> (readable: Bool, writable: Bool)? {
        DescriptorWait.wait(state.withLock { $0.descriptor }, writing: writing, until: deadline)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> HijackTransfer {
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        return outcome(of: Glibc.send(state.withLock { $0.descriptor }, bytes.baseAddress, bytes.count, flags))
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> HijackTransfer {
        let flags = Int32(MSG_DONTWAIT)
        let count = recv(state.withLock { $0.descriptor }, buffer.baseAddress, buffer.count, flags)
        return count == 0 ? .closed : outcome(of: count)
    }

    func halfClose() -> Bool {
        shutdown(state.withLock { $0.descriptor }, Int32(SHUT_WR))
        return true
    }

    private func outcome(of count: Int) -> HijackTransfer {
        if count >= 0 { return .moved(count) }
        return errno == EAGAIN || errno == EINTR ? .wouldBlock : .closed
    }

    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}
