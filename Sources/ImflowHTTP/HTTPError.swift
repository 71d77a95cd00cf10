/// Why there is no answer. An answer with any status is no error. Each text is a whole sentence that names the place
/// without what may be secret in a URL.
package enum HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nobody answers there: the name is unknown, the port or socket is closed, TLS failed, or connecting took too long.
    case cannotConnect(String)
    /// The request's ``HTTPRequest/timeout`` or ``HTTPRequest/stallTimeout`` passed.
    case timedOut(String)
    /// The other side closed the connection before its answer was whole.
    case connectionClosed(String)
    /// The answer is longer than ``HTTPRequest/maximumBodyBytes``.
    case bodyTooLarge(limit: Int)
    /// The host's address is one that ``HTTPRequest/addresses`` refuses.
    case refusedAddress(String)
    /// The calling task was cancelled.
    case cancelled
    case other(String)

    package var description: String {
        switch self {
        case .cannotConnect(let text), .timedOut(let text), .connectionClosed(let text),
            .refusedAddress(let text), .other(let text):
            text
        case .bodyTooLarge(let limit): "the answer is longer than the limit of \(limit) bytes"
        case .cancelled: "the request was cancelled"
        }
    }
}
