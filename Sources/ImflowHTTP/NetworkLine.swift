import CCurlShim
import Glibc
internal import ImflowPlan
import Synchronization

/// A connection over TCP, or TLS where the URL says `https`, made by libcurl.
final class NetworkLine: HijackConnection {
    private struct State {
        var descriptor: Int32 = -1
        var isInterrupted = false
    }

    private let url: String
    private let certificates: TLSCertificates?
    private let state = Mutex(State())
    /// Null when libcurl could not start. Touched by the exchange's thread alone.
    nonisolated(unsafe) private let line: OpaquePointer?
    /// TLS may have more than the descriptor shows.
    private let mayHaveMore = Mutex(false)
    private let broken = Mutex<String?>(nil)

    init(url: String, certificates: TLSCertificates?) {
        self.url = url
        self.certificates = certificates
        line = imflow_line_create()
    }

    deinit {
        if let line { imflow_line_destroy(line) }
    }

    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }
    var reason: String? { broken.withLock { $0 } }

    func interrupt() {
        state.withLock { state in
            state.isInterrupted = true
            if state.descriptor >= 0 { shutdown(state.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// The descriptor is libcurl's, and closed with this value.
    func close() { state.withLock { $0.descriptor = -1 } }

    func connect(until deadline: ContinuousClock.Instant) -> String? {
        guard let line else { return "libcurl has no memory for a connection" }
        if let certificates {
            let code = imflow_line_set_certificates(
                line, certificates.authority, certificates.certificate, certificates.key)
            guard code == 0 else { return "libcurl refuses the certificates" }
        }
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        let milliseconds = Int64(min(max(left.rounded(.up), 1), Double(Int32.max)))
        let outcome = imflow_line_connect(line, url, milliseconds, Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return 0 }
            return Unmanaged<NetworkLine>.fromOpaque(context).takeUnretainedValue().isInterrupted ? 0 : 1
        }
        guard outcome == IMFLOW_DONE else { return String(cString: imflow_line_message(line)) }
        let isInterrupted = state.withLock { state in
            state.descriptor = imflow_line_descriptor(line)
            return state.isInterrupted
        }
        return isInterrupted ? "interrupted" : nil
    }

    func wait(writing: Bool, until deadline: ContinuousClock.Instant?) -> (readable: Bool, writable: Bool)? {
        if mayHaveMore.withLock({ $0 }) { return (readable: true, writable: false) }
        return DescriptorWait.wait(state.withLock { $0.descriptor }, writing: writing, until: deadline)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> HijackTransfer {
        guard let line else { return .closed }
        return outcome(of: imflow_line_send(line, bytes.baseAddress, bytes.count))
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> HijackTransfer {
        guard let line else { return .closed }
        let count = imflow_line_receive(line, buffer.baseAddress, buffer.count)
        mayHaveMore.withLock { $0 = count > 0 }
        return count == 0 ? .closed : outcome(of: count)
    }

    func halfClose() -> Bool {
        guard let line else { return true }
        let code = imflow_line_end_sending(line)
        // Nobody would ever see the end of what was sent.
        if code == -2 { interrupt() }
        return code != -1
    }

    private func outcome(of count: Int64) -> HijackTransfer {
        if count >= 0 { return .moved(Int(count)) }
        if count == -1 { return .wouldBlock }
        if let line { broken.withLock { $0 = String(cString: imflow_line_message(line)) } }
        return .closed
    }
}
