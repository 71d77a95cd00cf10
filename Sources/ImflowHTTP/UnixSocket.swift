import Glibc
import Synchronization

/// One connection to a unix socket, used by one thread; only ``interrupt()`` may be called from others.
final class UnixSocket: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var isInterrupted = false
    }

    enum Transfer {
        case moved(Int)
        case wouldBlock
        case closed
    }

    private let state = Mutex(State())

    deinit { close() }

    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    /// Whoever waits on the connection wakes up and finds it closed.
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

    /// Nil when connected; else why not.
    func connect(to path: String, until deadline: ContinuousClock.Instant) -> String? {
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
            if code == 0 { return nil }
            guard errno == EAGAIN || errno == EINTR else { return String(cString: strerror(errno)) }
            if isInterrupted { return "interrupted" }
            if deadline <= .now { return "nobody accepted the connection in time" }
        }
    }

    /// Waits until bytes can be read, or written when `writing`, or the time is over (nil: never). Nil: it is over.
    func wait(writing: Bool, until deadline: ContinuousClock.Instant?) -> (readable: Bool, writable: Bool)? {
        var entry = pollfd(
            fd: state.withLock { $0.descriptor }, events: Int16(POLLIN) | (writing ? Int16(POLLOUT) : 0), revents: 0)
        while true {
            var milliseconds: Int32 = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
                guard left > 0 else { return nil }
                milliseconds = Int32(min(left.rounded(.up), 60_000))
            }
            let count = poll(&entry, 1, milliseconds)
            if count > 0 {
                let ended = Int16(POLLHUP | POLLERR | POLLNVAL)
                return (
                    entry.revents & (Int16(POLLIN) | ended) != 0,
                    writing && entry.revents & (Int16(POLLOUT) | ended) != 0
                )
            }
        }
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        return outcome(of: Glibc.send(state.withLock { $0.descriptor }, bytes.baseAddress, bytes.count, flags))
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        let flags = Int32(MSG_DONTWAIT)
        let count = recv(state.withLock { $0.descriptor }, buffer.baseAddress, buffer.count, flags)
        return count == 0 ? .closed : outcome(of: count)
    }

    func halfClose() { shutdown(state.withLock { $0.descriptor }, Int32(SHUT_WR)) }

    private func outcome(of count: Int) -> Transfer {
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
