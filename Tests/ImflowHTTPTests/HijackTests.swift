import Foundation
import ImflowPlan
import Synchronization
import Testing

@testable import ImflowHTTP

@Suite(.timeLimit(.minutes(10)))
struct HijackTests {
    let client = HTTPClient()
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var request: HTTPRequest {
        HTTPRequest("POST", "http://docker/v1.41/attach?stdin=1#x", unixSocket: folder("s"))
    }

    private func error(_ request: HTTPRequest) async -> HTTPError? {
        await failure { () throws(HTTPError) in try await client.hijack(request, input: []) }
    }

    private func server(
        _ serve: @escaping @Sendable (ServedConnection, ServedConnection.Request) -> Void
    ) throws -> ScriptedServer {
        try ScriptedServer(unixSocket: folder("s")) { connection, _ in
            if let request = connection.readRequest() { serve(connection, request) }
        }
    }

    private static let upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

    /// The peer answers while it is written to: with 10 MB both ways neither side may wait for the other.
    @Test(arguments: [0, 1, 10 * 1024 * 1024])
    func whatGoesInComesBack(count: Int) async throws {
        let seen = Mutex<ServedConnection.Request?>(nil)
        let server = try server { connection, request in
            seen.withLock { $0 = request }
            connection.write(Self.upgraded)
            while let piece = connection.read() { connection.write(piece) }
        }
        defer { server.stop() }
        let input = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13 >> 4) }
        let response = try await client.hijack(request, input: input)
        #expect(response.status == 101)
        #expect(response.header("upgrade") == "tcp")
        #expect(response.body == input)
        let sent = try #require(seen.withLock { $0 })
        #expect(sent.line == "POST /v1.41/attach?stdin=1 HTTP/1.1")
        #expect(sent.headers["host"] == "docker")
        #expect(sent.headers["upgrade"] == "tcp")
        #expect(sent.headers["content-length"] == "0")
    }

    @Test func theRequestsBodyGoesBeforeTheInput() async throws {
        let server = try server { connection, request in
            connection.write(Self.upgraded)
            connection.write(request.body)
            while let piece = connection.read() { connection.write(piece) }
        }
        defer { server.stop() }
        var request = request
        request.body = Array("{\"Tty\":false}".utf8)
        request.headers = [("Content-Type", "application/json")]
        let response = try await client.hijack(request, input: Array(" and input".utf8))
        #expect(String(decoding: response.body, as: UTF8.self) == "{\"Tty\":false} and input")
    }

    @Test func aPeerThatReadsNothingStillIsHeard() async throws {
        let server = try server { connection, _ in connection.write(Self.upgraded + "I read nothing") }
        defer { server.stop() }
        let response = try await client.hijack(request, input: [UInt8](repeating: 1, count: 5_000_000))
        #expect(response.body == Array("I read nothing".utf8))
    }

    @Test func aFloodIsCutAtTheLimit() async throws {
        let server = try server { connection, _ in
            connection.write(Self.upgraded)
            while connection.write([UInt8](repeating: 7, count: 4096)) {}
        }
        defer { server.stop() }
        var request = request
        request.maximumBodyBytes = 100_000
        let response = try await client.hijack(request, input: [UInt8](repeating: 1, count: 5_000_000))
        #expect(response.body == [UInt8](repeating: 7, count: 100_000))
    }

    @Test(arguments: [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno such c",
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n6;x=y\r\nsuch c\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno such c",
    ])
    func refusalsAreOrdinaryAnswers(text: String) async throws {
        let unread = Mutex(0)
        let server = try server { connection, _ in
            connection.write(text)
            while let piece = connection.read() { unread.withLock { $0 += piece.count } }
        }
        defer { server.stop() }
        let response = try await client.hijack(request, input: Array("input".utf8))
        #expect(response.status == 404)
        #expect(String(decoding: response.body, as: UTF8.self) == "no such c")
        #expect(unread.withLock { $0 } == 0)
    }

    @Test(arguments: ["", "HTTP/1.1 101 UPGR", "HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nhalf"])
    func aConnectionClosedTooEarlyIsAnError(text: String) async throws {
        let server = try server { connection, _ in connection.write(text) }
        defer { server.stop() }
        let closed = await error(request)
        guard case .connectionClosed = closed else { Issue.record("\(closed as Any)"); return }
    }

    @Test func streamsAndStops() async throws {
        let server = try server { connection, _ in
            connection.write(Self.upgraded)
            while connection.write("more ") {}
        }
        defer { server.stop() }
        let response = try await client.hijack(request, input: []) { _ in false }
        #expect(response.status == 101)
        #expect(response.body.isEmpty)
    }

    @Test func cancellingEndsItAtOnce() async throws {
        let began = Signal()
        let closed = Signal()
        let server = try server { connection, _ in
            connection.write(Self.upgraded)
            began.fire()
            connection.waitForClose()
            // Half-closed by the client: only a write tells that it is gone.
            while connection.write("x") {}
            closed.fire()
        }
        defer { server.stop() }
        let task = Task { [client, request] in try await client.hijack(request, input: [1]) }
        await began.wait()
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { try await task.value }
        await closed.wait()
    }

    @Test func theTimeoutHolds() async throws {
        let over = DispatchSemaphore(value: 0)
        let server = try server { connection, _ in
            connection.write(Self.upgraded)
            over.wait()
        }
        defer {
            over.signal()
            server.stop()
        }
        var request = request
        request.timeout = TimeSpan(milliseconds: 100)
        let slow = await error(request)
        guard case .timedOut = slow else { Issue.record("\(slow as Any)"); return }
    }

    @Test func nobodyListensOrAccepts() async throws {
        let missing = await error(request)
        guard case .cannotConnect = missing else { Issue.record("\(missing as Any)"); return }
        let overTCP = await error(HTTPRequest("POST", "http://127.0.0.1:1/"))
        guard case .cannotConnect = overTCP else { Issue.record("\(overTCP as Any)"); return }

        let server = try ScriptedServer(unixSocket: folder("s"), backlog: 0, serve: nil)
        defer { server.stop() }
        var request = request
        request.connectTimeout = TimeSpan(milliseconds: 100)
        request.timeout = TimeSpan(milliseconds: 300)
        var refused = 0
        await withTaskGroup(of: HTTPError?.self) { [request] group in
            for _ in 0..<4 { group.addTask { await error(request) } }
            for await outcome in group {
                if case .cannotConnect(let text) = outcome, text.contains("nobody accepted") { refused += 1 }
            }
        }
        #expect(refused >= 1)
    }
}
