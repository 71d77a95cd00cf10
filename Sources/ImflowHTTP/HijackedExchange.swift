import Glibc
internal import ImflowPlan
import Synchronization

/// One upgraded exchange over a unix socket, TCP or TLS, on a thread of its own.
final class HijackedExchange: Sendable {
    private let request: HTTPRequest
    private let input: [UInt8]
    private let onOpen: @Sendable () -> Void
    private let onSent: @Sendable () -> Void
    private let onChunk: @Sendable ([UInt8]) -> Bool
    private let socket: any HijackConnection

    init(
        request: HTTPRequest, input: [UInt8], onOpen: @escaping @Sendable () -> Void = {},
        onSent: @escaping @Sendable () -> Void = {},
        onChunk: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        self.request = request
        self.input = input
        self.onOpen = onOpen
        self.onSent = onSent
        self.onChunk = onChunk
        socket =
            request.unixSocket.map { UnixSocket(path: $0) }
            ?? NetworkLine(url: request.url, certificates: request.certificates)
    }

    func cancel() { socket.interrupt() }

    /// Closes what ``open()`` opened.
    func end() { socket.close() }

    /// Waits in system calls.
    func run() -> Result<HTTPResponse, HTTPError> {
        defer { socket.close() }
        do throws(HTTPError) {
            var stream = try begin()
            return .success(try talk(&stream))
        } catch {
            return .failure(socket.isInterrupted ? .cancelled : error)
        }
    }

    /// Until the connection is upgraded, or its answer is an ordinary one; then it is closed. Waits in system calls.
    func open() -> Result<(HijackedStream, HTTPResponse, isUpgraded: Bool), HTTPError> {
        do throws(HTTPError) {
            var stream = try begin()
            let head = try readHead(&stream)
            if Self.isUpgrade(head) {
                return .success((stream, HTTPResponse(status: head.status, headers: head.headers), true))
            }
            defer { socket.close() }
            let body = try readBody(&stream, head)
            return .success((stream, HTTPResponse(status: head.status, headers: head.headers, body: body), false))
        } catch {
            defer { socket.close() }
            return .failure(socket.isInterrupted ? .cancelled : error)
        }
    }

    private func begin() throws(HTTPError) -> HijackedStream {
        let deadline = request.deadline
        let head = try requestHead()
        try connect(deadline)
        return HijackedStream(socket: socket, outgoing: head + (request.body ?? []), deadline: deadline)
    }

    private static func isUpgrade(_ head: ResponseHead) -> Bool {
        head.status == 101 || (head.status == 200 && !head.announcesBody)
    }

    private func connect(_ deadline: ContinuousClock.Instant?) throws(HTTPError) {
        let connectDeadline = ContinuousClock.now + HTTPRequest.bounded(request.connectTimeout).duration
        if let reason = socket.connect(until: min(connectDeadline, deadline ?? connectDeadline)) {
            throw .cannotConnect("\(request.place): \(reason).")
        }
    }

    private func talk(_ stream: inout HijackedStream) throws(HTTPError) -> HTTPResponse {
        let head = try readHead(&stream)
        guard Self.isUpgrade(head) else {
            let body = try readBody(&stream, head)
            return HTTPResponse(status: head.status, headers: head.headers, body: body)
        }
        let answer = HTTPResponse(status: head.status, headers: head.headers)
        onOpen()
        if !stream.incoming.isEmpty, !onChunk(stream.takeIncoming()) { return answer }
        stream.sendLast(input, onSent: onSent)
        while true {
            switch stream.step() {
            case .received: if !onChunk(stream.takeIncoming()) { return answer }
            case .closed:
                // An interruption looks like the other side closing.
                if socket.isInterrupted { throw .cancelled }
                return answer
            case .expired: throw timedOut
            }
        }
    }

    private func readHead(_ stream: inout HijackedStream) throws(HTTPError) -> ResponseHead {
        while true {
            if let head = try parsedHead(&stream) { return head }
            try read(&stream)
        }
    }

    /// Nil while it is not whole.
    private func parsedHead(_ stream: inout HijackedStream) throws(HTTPError) -> ResponseHead? {
        guard stream.incoming.count <= ResponseHead.sizeLimit else {
            throw .other("\(request.place): the headers of the answer are longer than \(ResponseHead.sizeLimit) bytes.")
        }
        let bytes = stream.incoming
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) else { return nil }
        var head = ResponseHead()
        for line in bytes[..<end].split(separator: 10) { _ = head.add(line) }
        guard head.status > 0 else { throw .other("\(request.place): what answered does not speak HTTP.") }
        stream.dropIncoming(end + 4)
        // 100 Continue and its like come before the answer itself.
        return (100..<200).contains(head.status) && head.status != 101 ? try parsedHead(&stream) : head
    }

    private func readBody(_ stream: inout HijackedStream, _ head: ResponseHead) throws(HTTPError) -> [UInt8] {
        let limit = min(request.maximumBodyBytes, 1024 * 1024)
        if head.status == 204 || head.status == 304 || request.method == "HEAD" { return [] }
        while true {
            if let body = head.body(in: stream.incoming) { return body }
            guard stream.incoming.count <= limit else { throw .bodyTooLarge(limit: limit) }
            switch stream.step() {
            case .received: continue
            case .closed where !head.announcesBody && !socket.isInterrupted: return stream.incoming
            case .closed: throw closed
            case .expired: throw timedOut
            }
        }
    }

    private func read(_ stream: inout HijackedStream) throws(HTTPError) {
        switch stream.step() {
        case .received: return
        case .closed: throw closed
        case .expired: throw timedOut
        }
    }

    private var closed: HTTPError {
        let reason = socket.reason.map { ": \($0)" } ?? ""
        return .connectionClosed("\(request.place): the connection was closed before the answer was whole\(reason).")
    }

    private var timedOut: HTTPError {
        .timedOut("\(request.place): not over within \((request.timeout ?? TimeSpan(milliseconds: 0)).duration).")
    }

    /// RFC 9110, section 7.8.
    private func requestHead() throws(HTTPError) -> [UInt8] {
        if let mistake = request.mistake { throw .other("\(mistake).") }
        guard let (authority, target) = Self.parts(of: request.url) else {
            throw .other("\(request.place): only http and https URLs can be upgraded.")
        }
        var text =
            "\(request.method) \(target) HTTP/1.1\r\nHost: \(authority)\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
        if request.body != nil || request.method == "POST" { text += "Content-Length: \(request.body?.count ?? 0)\r\n" }
        for (name, value) in request.headers { text += "\(name): \(value)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// `http://docker/v1.41/x?y#z`: `docker` and `/v1.41/x?y`.
    private static func parts(of url: String) -> (authority: String, target: String)? {
        let lower = url.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else { return nil }
        let rest = url.dropFirst(scheme.count).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let target = rest.dropFirst(authority.count)
        return (String(authority), target.hasPrefix("/") ? String(target) : "/" + target)
    }
}
