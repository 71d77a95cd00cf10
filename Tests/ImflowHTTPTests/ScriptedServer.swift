import Foundation
import Synchronization

@testable import ImflowHTTP

/// A real server on loopback or a unix socket whose every connection is served by a script, on a thread of its own.
final class ScriptedServer: Sendable {
    private struct State {
        var open: [Int32] = []
        var accepted = 0
        var isStopped = false
    }

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    /// `serve` gets each connection and how many came before it. With `unixSocket` it listens there, else on a free port.
    /// It accepts nobody when `serve` is nil.
    init(
        unixSocket: String? = nil, backlog: Int32 = 512, serve: (@Sendable (ServedConnection, Int) -> Void)?
    ) throws {
        listener =
            if let unixSocket { try Self.listen(path: unixSocket, backlog) } else { try Self.listenOnLoopback(backlog) }
        port = unixSocket == nil ? Self.port(of: listener) : 0
        guard let serve else { return }
        Thread.detachNewThread { [self] in accept(serve) }
    }

    deinit { close(listener) }

    var accepted: Int { state.withLock { $0.accepted } }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        state.withLock { state in
            state.isStopped = true
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func accept(_ serve: @escaping @Sendable (ServedConnection, Int) -> Void) {
        while true {
            let descriptor = Foundation.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            let number: Int? = state.withLock { state in
                guard !state.isStopped else { return nil }
                state.open.append(descriptor)
                defer { state.accepted += 1 }
                return state.accepted
            }
            guard let number else {
                close(descriptor)
                return
            }
            Thread.detachNewThread { [self] in
                serve(ServedConnection(descriptor: descriptor), number)
                state.withLock { state in
                    state.open.removeAll { $0 == descriptor }
                    close(descriptor)
                }
            }
        }
    }

    private static func listenOnLoopback(_ backlog: Int32) throws -> Int32 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return try listen(listener, &address, MemoryLayout<sockaddr_in>.size, backlog)
    }

    private static func listen(path: String, _ backlog: Int32) throws -> Int32 {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return try listen(listener, &address, MemoryLayout<sockaddr_un>.size, backlog)
    }

    private static func listen<T>(_ listener: Int32, _ address: inout T, _ size: Int, _ backlog: Int32) throws -> Int32
    {
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, socklen_t(size)) }
        }
        guard code == 0, Foundation.listen(listener, backlog) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        return listener
    }

    private static func port(of listener: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// One end of a connection, usually the server's.
final class ServedConnection: Sendable {
    struct Request: Sendable {
        /// `POST /path HTTP/1.1`
        var line: String
        /// Names in lower case.
        var headers: [String: String]
        var body: [UInt8]
    }

    private let descriptor: Int32
    private let pending = Mutex<[UInt8]>([])

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// What came next, at most 64 KiB; nil when the client closed.
    func read() -> [UInt8]? {
        let early = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        if !early.isEmpty { return early }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// The head of the next request, its body left unread; nil when the client closed.
    func readHead() -> Request? {
        var bytes: [UInt8] = []
        while true {
            guard let piece = read() else { return nil }
            bytes += piece
            guard let text = String(bytes: bytes, encoding: .isoLatin1), let end = text.range(of: "\r\n\r\n") else {
                continue
            }
            let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
            let rest = Array(bytes[(text[..<end.upperBound].unicodeScalars.count)...])
            pending.withLock { $0 = rest }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            }
            return Request(line: lines[0], headers: headers, body: [])
        }
    }

    func readRequest() -> Request? {
        guard var request = readHead() else { return nil }
        let length = Int(request.headers["content-length"] ?? "0") ?? 0
        while request.body.count < length {
            guard let piece = read() else { return nil }
            request.body += piece
        }
        return request
    }

    /// False when the client closed.
    @discardableResult
    func write(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(text.utf8) }

    @discardableResult
    func answer(_ body: some Collection<UInt8>, status: String = "200 OK", headers: String = "") -> Bool {
        write(Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\n\(headers)\r\n".utf8) + Array(body))
    }

    /// Answers every request with `body` until the client closes.
    func answerAll(_ body: String) {
        while readRequest() != nil { answer(body.utf8) }
    }

    /// Returns when the client has closed.
    func waitForClose() {
        while read() != nil {}
    }
}

/// A folder of the test's own, removed with this.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let template = NSTemporaryDirectory() + "imflow-XXXXXX"
        var bytes = Array(template.utf8CString)
        guard mkdtemp(&bytes) != nil else { throw POSIXError(.EIO) }
        path = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { path + "/" + name }
}

/// How the exchange failed; nil: it did not.
func failure(of exchange: () async throws(HTTPError) -> HTTPResponse) async -> HTTPError? {
    do {
        _ = try await exchange()
        return nil
    } catch { return error }
}

/// A moment that one side of a test announces and the other waits for.
struct Signal: Sendable {
    private let events: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (events, continuation) = AsyncStream.makeStream() }

    func fire() { continuation.yield() }

    func wait() async { for await _ in events { return } }
}
