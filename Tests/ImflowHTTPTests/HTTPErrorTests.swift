import Foundation
import ImflowPlan
import Synchronization
import Testing

@testable import ImflowHTTP

@Suite(.timeLimit(.minutes(10)))
struct HTTPErrorTests {
    let client = HTTPClient()

    private func error(_ request: HTTPRequest) async -> HTTPError? {
        await failure { () throws(HTTPError) in try await client.send(request) }
    }

    /// Answers the first request with exactly these bytes and closes.
    private func server(saying text: String) throws -> ScriptedServer {
        try ScriptedServer { connection, _ in
            if connection.readRequest() != nil { connection.write(text) }
        }
    }

    @Test func nobodyListens() async throws {
        let server = try ScriptedServer(serve: nil)
        let url = server.url("/secret?token=s3cret")
        server.stop()
        let refused = await error(HTTPRequest("GET", url))
        guard case .cannotConnect(let text) = refused else { Issue.record("\(refused as Any)"); return }
        #expect(text.contains("127.0.0.1:\(server.port)/secret"))
        #expect(!text.contains("s3cret"))
        let folder = try TemporaryFolder()
        for path in [folder("none"), folder(String(repeating: "x", count: 200))] {
            let missing = await error(HTTPRequest("GET", "http://docker/", unixSocket: path))
            guard case .cannotConnect = missing else { Issue.record("\(missing as Any)"); return }
        }
    }

    @Test func aConnectionThatNobodyAcceptsIsNotATimeout() async throws {
        let server = try ScriptedServer(backlog: 0, serve: nil)
        let clients = (0..<4).map { _ in HTTPClient() }
        // The queue of the listener is full after the first ones, which wait for an answer.
        let occupants = clients.map { client in
            Task { try await client.send(HTTPRequest("GET", server.url("/"))) }
        }
        defer { for task in occupants { task.cancel() } }
        var outcome: HTTPError?
        for _ in 0..<20 where outcome == nil {
            let request = HTTPRequest(
                "GET", server.url("/"), timeout: TimeSpan(seconds: 1), connectTimeout: TimeSpan(milliseconds: 200))
            if case .cannotConnect(let text) = await error(request) { outcome = .cannotConnect(text) }
        }
        #expect(outcome?.description.contains("no connection within") == true)
    }

    @Test func aServerThatNeverAnswersTimesOut() async throws {
        let server = try ScriptedServer { connection, _ in connection.waitForClose() }
        defer { server.stop() }
        let slow = await error(HTTPRequest("GET", server.url("/"), timeout: TimeSpan(milliseconds: 100)))
        guard case .timedOut(let text) = slow else { Issue.record("\(slow as Any)"); return }
        #expect(text.contains("0.1 seconds"))
        let stalled = await error(HTTPRequest("GET", server.url("/"), stallTimeout: TimeSpan(milliseconds: 500)))
        guard case .timedOut(let stall) = stalled else { Issue.record("\(stalled as Any)"); return }
        #expect(stall.contains("no byte came"))
    }

    @Test func waitingForAConnectionCountsToTheTimeout() async throws {
        let began = Signal()
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            began.fire()
            connection.waitForClose()
        }
        defer { server.stop() }
        let client = HTTPClient(maximumConnections: 1)
        let holder = Task { try await client.send(HTTPRequest("GET", server.url("/"))) }
        await began.wait()
        let expired = await failure { () throws(HTTPError) in
            try await client.send(HTTPRequest("GET", server.url("/"), timeout: TimeSpan(milliseconds: 50)))
        }
        #expect(expired == .timedOut("GET \(server.url("/")): no whole answer within 0.05 seconds."))
        #expect(server.accepted == 1)
        holder.cancel()
        await #expect(throws: HTTPError.cancelled) { try await holder.value }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ])
    func aConnectionClosedTooEarly(text: String) async throws {
        let server = try server(saying: text)
        defer { server.stop() }
        let closed = await error(HTTPRequest("GET", server.url("/")))
        guard case .connectionClosed = closed else { Issue.record("\(closed as Any)"); return }
    }

    @Test(arguments: ["garbage garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"])
    func answersThatAreNoHTTP(text: String) async throws {
        let server = try server(saying: text)
        defer { server.stop() }
        let other = await error(HTTPRequest("GET", server.url("/")))
        guard case .other = other else { Issue.record("\(other as Any)"); return }
    }

    @Test func endlessHeadersAreRefused() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n")
            while connection.write("X-More: " + String(repeating: "x", count: 1000) + "\r\n") {}
        }
        defer { server.stop() }
        let other = await error(HTTPRequest("GET", server.url("/")))
        guard case .other(let text) = other else { Issue.record("\(other as Any)"); return }
        #expect(text.contains("headers"))
    }

    @Test(arguments: [true, false])
    func tooLongAnswersAreRefused(announced: Bool) async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            let length = announced ? "Content-Length: 1000000000000\r\n" : ""
            connection.write("HTTP/1.1 200 OK\r\n\(length)\r\n")
            while connection.write([UInt8](repeating: 7, count: 1000)) {}
        }
        defer { server.stop() }
        #expect(await error(HTTPRequest("GET", server.url("/"), maximumBodyBytes: 5000)) == .bodyTooLarge(limit: 5000))
    }

    @Test func theLimitItselfIsFine() async throws {
        let server = try server(saying: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        defer { server.stop() }
        #expect(try await client.send(HTTPRequest("GET", server.url("/"), maximumBodyBytes: 5)).body.count == 5)
    }

    @Test func redirectsAreFollowedOnlyWhenAsked() async throws {
        let server = try ScriptedServer { connection, _ in
            while let request = connection.readRequest() {
                let targets = ["from": "/to", "loop": "/loop", "file": "file:///etc/hosts"]
                if let target = targets.first(where: { request.line.contains("/\($0.key) ") })?.value {
                    let headers = "Location: \(target)\r\nX-Hop: 1\r\n"
                    connection.answer("moved".utf8, status: "302 Found", headers: headers)
                } else {
                    connection.answer("there".utf8)
                }
            }
        }
        defer { server.stop() }
        #expect(try await client.send(HTTPRequest("GET", server.url("/from"))).status == 302)
        let followed = try await client.send(HTTPRequest("GET", server.url("/from"), followRedirects: true))
        #expect(followed.status == 200)
        #expect(followed.body == Array("there".utf8))
        #expect(followed.header("X-Hop") == nil)
        let loop = await error(HTTPRequest("GET", server.url("/loop"), followRedirects: true))
        #expect(loop?.description.contains("redirected more than 10 times") == true)
        guard case .other = await error(HTTPRequest("GET", server.url("/file"), followRedirects: true)) else {
            Issue.record("a redirect to a file was followed")
            return
        }
    }

    @Test(arguments: [
        HTTPRequest("GET", "ftp://127.0.0.1/x"), HTTPRequest("GET", "file:///etc/hosts"), HTTPRequest("GET", ""),
        HTTPRequest("GET", "http://127.0.0.1:1/a b"), HTTPRequest("GE T", "http://127.0.0.1:1/"),
        HTTPRequest("GET", "http://127.0.0.1:1/", headers: [("X", "a\r\nY: b")]),
        HTTPRequest("GET", "http://127.0.0.1:1/", headers: [("X:", "a")]),
    ])
    func requestsThatMustNotBeSent(request: HTTPRequest) async {
        let other = await error(request)
        guard case .other = other else { Issue.record("\(other as Any)"); return }
    }

    @Test func anUnknownHostCannotBeConnectedTo() async {
        let unknown = await error(HTTPRequest("GET", "http://nowhere.invalid/"))
        guard case .cannotConnect = unknown else { Issue.record("\(unknown as Any)"); return }
    }

    @Test func cancellingEndsTheExchange() async throws {
        let began = Signal()
        let closed = Signal()
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            began.fire()
            connection.waitForClose()
            closed.fire()
        }
        defer { server.stop() }
        let task = Task { [client] in try await client.send(HTTPRequest("GET", server.url("/"))) }
        await began.wait()
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { try await task.value }
        await closed.wait()
    }

    @Test func aTaskThatIsCancelledAlreadySendsNothing() async throws {
        let server = try ScriptedServer(serve: nil)
        defer { server.stop() }
        let go = Signal()
        let task = Task { [client] in
            await go.wait()
            return try await client.send(HTTPRequest("GET", server.url("/")))
        }
        task.cancel()
        go.fire()
        await #expect(throws: HTTPError.cancelled) { try await task.value }
    }
}
