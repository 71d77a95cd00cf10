import Synchronization

/// An upgraded connection that stays open both ways. Used by one thread at a time; only ``close()`` may be called from
/// others.
package final class HijackedLine: Sendable {
    package enum Opening: Sendable {
        case opened(HijackedLine)
        /// An ordinary answer: nothing was upgraded.
        case refused(HTTPResponse)
    }

    package enum Step: Sendable {
        case received([UInt8])
        /// The other side writes no more, or ``close()`` was called.
        case closed
        /// The time is over.
        case expired
    }

    private let exchange: HijackedExchange
    private let stream: Mutex<HijackedStream>
    private let onClose: @Sendable () -> Void

    /// - Parameter onClose: called when the connection is given up.
    init(_ exchange: HijackedExchange, stream: HijackedStream, onClose: @escaping @Sendable () -> Void) {
        self.exchange = exchange
        self.stream = Mutex(stream)
        self.onClose = onClose
    }

    deinit {
        exchange.end()
        onClose()
    }

    /// Goes out with the steps that follow.
    package func send(_ bytes: [UInt8]) { stream.withLock { $0.send(bytes) } }

    /// Writes what is to be sent and waits until something came, or the time is over. Nil: without end.
    package func step(until deadline: ContinuousClock.Instant?) -> Step {
        stream.withLock { stream in
            if !stream.incoming.isEmpty { return .received(stream.takeIncoming()) }
            switch stream.step(until: deadline) {
            case .received: return .received(stream.takeIncoming())
            case .closed: return .closed
            case .expired: return .expired
            }
        }
    }

    /// Whether the other side writes no more and all was taken, as far as is known now. Who is waiting meanwhile sees it first:
    /// then the answer is no.
    package var isClosed: Bool {
        let isClosed = stream.withLockIfAvailable { stream in
            guard stream.incoming.isEmpty, case .closed = stream.step(until: .now) else { return false }
            return true
        }
        return isClosed ?? false
    }

    /// Whoever waits finds it closed.
    package func close() { exchange.cancel() }
}
