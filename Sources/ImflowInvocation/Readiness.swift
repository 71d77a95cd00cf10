import Synchronization

/// What was last seen of instances that are being started: for whoever cannot wait any longer.
final class Readiness: Sendable {
    private let last = Mutex<String?>(nil)

    /// As the end of a sentence, such as “GET /health answered 503”; nil: nothing was asked yet.
    var seen: String? { last.withLock { $0 } }

    func note(_ seen: String) { last.withLock { $0 = seen } }
}
