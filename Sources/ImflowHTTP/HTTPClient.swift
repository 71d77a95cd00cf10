import Glibc
import Synchronization

/// An HTTP client with kept-alive connections. One thread moves all its bytes; what it is handed to call
/// (`onChunk`, `write`) is called on that thread and holds up the client's other exchanges while it runs. Cancelling the
/// calling task ends the exchange at once.
package final class HTTPClient: Sendable {
    private let loop: TransferLoop
    private let hijacks: HijackLimit
    private let nextID = Atomic<UInt64>(0)

    /// At most `maximumConnections` exchanges run at a time, hijacked ones not counted; others wait in order. Exchanges that
    /// last (following a log, waiting for a container) hold their place, so give them a client of their own or room enough.
    package init(maximumConnections: Int = 32) {
        loop = TransferLoop(maximumConnections: max(1, maximumConnections))
        hijacks = HijackLimit()
    }

    deinit { loop.close() }

    /// Ends every exchange under way, and every later one at once, with ``HTTPError/connectionClosed(_:)``: of one whose
    /// other side is known to have gone, where no closed connection tells. `reason` is a whole sentence.
    package func abandon(_ reason: String) {
        loop.abandon(reason)
        hijacks.abandon(reason)
    }

    /// The whole answer, whatever its status.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await exchange(request, .answer)
    }

    /// Hands on the body of a successful answer (2xx) chunk by chunk, without a limit; `onChunk` answers false to stop, which is
    /// no error. The answer's body is empty then; of any other status it is the body, within ``HTTPRequest/maximumBodyBytes``.
    package func stream(
        _ request: HTTPRequest, onChunk: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(HTTPError) -> HTTPResponse {
        try await exchange(request, .chunks(onChunk))
    }

    /// As ``stream(_:onChunk:)``, but bounded by ``HTTPRequest/maximumBodyBytes``; where `write` answers false the exchange
    /// fails with ``HTTPError/other(_:)`` (whoever writes knows why). Of the body of a refusal the beginning is kept.
    package func download(
        _ request: HTTPRequest, write: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool
    ) async throws(HTTPError) -> HTTPResponse {
        try await exchange(request, .writer(write))
    }

    /// As ``download(_:write:)``; `check` is told the head of a successful answer (2xx) before the first of its body, which
    /// may be none, and answers false to give up.
    package func download(
        _ request: HTTPRequest, check: @escaping @Sendable (HTTPResponse) -> Bool,
        write: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool
    ) async throws(HTTPError) -> HTTPResponse {
        try await exchange(request, .checkedWriter(check, write))
    }

    /// The body of a successful answer (2xx) goes to the file, which is created or emptied; any other status leaves the file
    /// empty and its body is the answer's. Bounded by ``HTTPRequest/maximumBodyBytes``. After an error the file is incomplete.
    package func download(_ request: HTTPRequest, to path: String) async throws(HTTPError) -> HTTPResponse {
        let file = try DownloadFile(path: path)
        do {
            return try await exchange(request, .writer { file.write($0) })
        } catch {
            if let failure = file.failure { throw .other(failure) }
            throw error
        }
    }

    private func exchange(_ request: HTTPRequest, _ sink: Transfer.Sink) async throws(HTTPError) -> HTTPResponse {
        let id = nextID.add(1, ordering: .relaxed).newValue
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                loop.start(Transfer(id: id, request: request, sink: sink, answer: answer))
                // A cancellation that came before the start found nothing to end.
                if Task.isCancelled { loop.cancel(id) }
            }
        } onCancel: {
            loop.cancel(id)
        }
        return try result.get()
    }

    /// Switches a connection to a raw stream (`Connection: Upgrade`; Docker's attach): writes `input`,
    /// half-closes, and reads until the other side closes or ``HTTPRequest/maximumBodyBytes`` came; the answer's body is what
    /// came back. A status other than 101 and 200 is an ordinary answer, and nothing of `input` was written.
    package func hijack(_ request: HTTPRequest, input: [UInt8]) async throws(HTTPError) -> HTTPResponse {
        let collected = HijackOutput(limit: request.maximumBodyBytes)
        var response = try await hijack(request, input: input) { collected.append($0) }
        if response.status == 101 || response.status == 200 { response.body = collected.bytes }
        return response
    }

    /// As ``hijack(_:input:)``, but nothing is written yet, and the connection stays open both ways until it is let go.
    package func openLine(_ request: HTTPRequest) async throws(HTTPError) -> HijackedLine.Opening {
        try await hijacks.open(HijackedExchange(request: request, input: []) { _ in true })
    }

    /// As ``hijack(_:input:)``, but hands on what comes back chunk by chunk, without a limit, on a thread of its own;
    /// `onChunk` answers false to stop, which is no error. `onOpen` is called when the other side has switched, `onSent` once all of `input` is in the socket and the
    /// writing side is closed: the other side gets it even if this process dies.
    package func hijack(
        _ request: HTTPRequest, input: [UInt8], onOpen: @escaping @Sendable () -> Void = {},
        onSent: @escaping @Sendable () -> Void = {},
        onChunk: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(HTTPError) -> HTTPResponse {
        try await hijacks.run(HijackedExchange(request: request, input: input, onOpen: onOpen, onSent: onSent, onChunk: onChunk))
    }
}
