import Foundation
import ImflowPlan
import Synchronization
import Testing

@testable import ImflowHTTP

@Suite(.timeLimit(.minutes(10)))
struct HTTPClientTests {
    let client = HTTPClient()

    @Test func sendsOverOneKeptAliveConnection() async throws {
        let server = try ScriptedServer { connection, _ in connection.answerAll("yes") }
        defer { server.stop() }
        for _ in 0..<50 {
            let response = try await client.send(HTTPRequest("GET", server.url("/a?b=c")))
            #expect(response.status == 200)
            #expect(response.body == Array("yes".utf8))
        }
        #expect(server.accepted == 1)
    }

    @Test func sendsMethodHeadersAndBody() async throws {
        let seen = Mutex<[ServedConnection.Request]>([])
        let server = try ScriptedServer { connection, _ in
            while let request = connection.readRequest() {
                seen.withLock { $0.append(request) }
                connection.answer("".utf8, status: "201 Created", headers: "X-Name: some: value \r\n")
            }
        }
        defer { server.stop() }
        var request = HTTPRequest("PUT", server.url("/x%20y"), headers: [("X-Empty", ""), ("X-Token", "a b")])
        request.body = Array("{}".utf8)
        let response = try await client.send(request)
        #expect(response.status == 201)
        #expect(response.header("x-nAmE") == "some: value")
        #expect(response.header("missing") == nil)
        _ = try await client.send(HTTPRequest("POST", server.url("/p")))
        _ = try await client.send(HTTPRequest("DELETE", server.url("/d")))
        let requests = seen.withLock { $0 }
        try #require(requests.map(\.line) == ["PUT /x%20y HTTP/1.1", "POST /p HTTP/1.1", "DELETE /d HTTP/1.1"])
        #expect(requests[0].body == Array("{}".utf8))
        #expect(requests[0].headers["x-empty"] == "")
        #expect(requests[0].headers["x-token"] == "a b")
        #expect(requests[0].headers["content-type"] == nil)
        #expect(requests[1].headers["content-length"] == "0")
    }

    @Test func tenMegabytesGoOutAndComeBackWithoutExpect() async throws {
        let expectation = Mutex<String?>("unset")
        let server = try ScriptedServer { connection, _ in
            while let request = connection.readRequest() {
                expectation.withLock { $0 = request.headers["expect"] }
                connection.answer(request.body)
            }
        }
        defer { server.stop() }
        let body = (0..<10 * 1024 * 1024).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let response = try await client.send(HTTPRequest("POST", server.url("/"), body: body))
        #expect(response.body == body)
        #expect(expectation.withLock { $0 } == nil)
    }

    @Test func readsChunkedAnswers() async throws {
        let server = try ScriptedServer { connection, _ in
            while connection.readRequest() != nil {
                connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<100 { connection.write("5\r\nhello\r\n") }
                connection.write("0\r\n\r\n")
            }
        }
        defer { server.stop() }
        let response = try await client.send(HTTPRequest("GET", server.url("/")))
        #expect(response.body.count == 500)
        #expect(try await client.send(HTTPRequest("GET", server.url("/"))).body.count == 500)
        #expect(server.accepted == 1)
    }

    @Test func answersOfAnyStatusAreAnswers() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.answer("busy".utf8, status: "503 Service Unavailable")
        }
        defer { server.stop() }
        let response = try await client.send(HTTPRequest("GET", server.url("/")))
        #expect(response.status == 503)
        #expect(!response.isSuccess)
        #expect(response.body == Array("busy".utf8))
    }

    /// A server may close an idle connection at the very moment the next request is sent on it.
    @Test(arguments: ["GET", "POST"])
    func aConnectionClosedUnderTheNextRequestIsReplaced(method: String) async throws {
        let server = try ScriptedServer { connection, number in
            _ = connection.readRequest()
            connection.answer("\(number)".utf8)
            if number == 0 { _ = connection.readRequest() } else { connection.answerAll("\(number)") }
        }
        defer { server.stop() }
        let request = HTTPRequest(method, server.url("/"), body: method == "POST" ? Array("{}".utf8) : nil)
        #expect(try await client.send(request).body == Array("0".utf8))
        #expect(try await client.send(request).body == Array("1".utf8))
        #expect(server.accepted == 2)
    }

    @Test func anIdleConnectionClosedByTheServerIsNotUsedAgain() async throws {
        let server = try ScriptedServer { connection, number in
            _ = connection.readRequest()
            connection.answer("\(number)".utf8)
        }
        defer { server.stop() }
        for index in 0..<20 {
            let response = try await client.send(HTTPRequest("POST", server.url("/"), body: [1]))
            #expect(response.body == Array("\(index)".utf8))
        }
    }

    @Test func twoHundredRequestsShareTheConnections() async throws {
        let server = try ScriptedServer { connection, _ in
            while let request = connection.readRequest() { connection.answer(request.line.utf8) }
        }
        defer { server.stop() }
        let client = HTTPClient(maximumConnections: 16)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let response = try await client.send(HTTPRequest("GET", server.url("/\(index)")))
                    return response.body == Array("GET /\(index) HTTP/1.1".utf8)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect((1...16).contains(server.accepted))
    }

    @Test func aClientThatIsGoneClosesItsConnections() async throws {
        let closed = Signal()
        let server = try ScriptedServer { connection, _ in
            connection.answerAll("yes")
            closed.fire()
        }
        defer { server.stop() }
        _ = try await HTTPClient().send(HTTPRequest("GET", server.url("/")))
        await closed.wait()
    }

    @Test func talksOverUnixSockets() async throws {
        let folder = try TemporaryFolder()
        let server = try ScriptedServer(unixSocket: folder("s")) { connection, _ in
            while let request = connection.readRequest() {
                connection.answer((request.headers["host"] ?? "").utf8)
            }
        }
        defer { server.stop() }
        for _ in 0..<10 {
            let request = HTTPRequest("GET", "http://docker/v1.41/info", unixSocket: folder("s"))
            let response = try await client.send(request)
            #expect(response.body == Array("docker".utf8))
        }
        #expect(server.accepted == 1)
    }

    /// By the default route the address of nobody here would be somebody else's. TEST-NET-3 (RFC 5737) is nobody's.
    @Test func whatIsDirectGoesByNoGatewayAndNoProxy() async throws {
        let server = try ScriptedServer { connection, _ in connection.answerAll("yes") }
        defer { server.stop() }
        var near = HTTPRequest("GET", server.url("/"))
        near.isDirect = true
        #expect(try await HTTPClient().send(near).body == Array("yes".utf8))
        await #expect(processExitsWith: .success) {
            let proxy = try ScriptedServer { connection, _ in connection.answerAll("proxy") }
            defer { proxy.stop() }
            setenv("http_proxy", proxy.url(""), 1)
            var request = HTTPRequest("GET", "http://203.0.113.1/", timeout: TimeSpan(seconds: 60))
            #expect(try await HTTPClient().send(request).body == Array("proxy".utf8))
            request.isDirect = true
            let failure = await failure { [request] () throws(HTTPError) in try await HTTPClient().send(request) }
            guard case .cannotConnect(let text) = failure else { Issue.record("\(failure as Any)"); return }
            #expect(!text.contains("no connection within"), "\(text)")
        }
    }

    @Test func loopbackAndUnixSocketsGoByNoProxy() async {
        await #expect(processExitsWith: .success) {
            for name in ["http_proxy", "all_proxy"] { setenv(name, "http://127.0.0.1:1", 1) }
            setenv("no_proxy", "example.invalid", 1)
            let folder = try TemporaryFolder()
            let server = try ScriptedServer { connection, _ in connection.answerAll("yes") }
            let local = try ScriptedServer(unixSocket: folder("s")) { connection, _ in connection.answerAll("yes") }
            defer {
                server.stop()
                local.stop()
            }
            let client = HTTPClient()
            _ = try await client.send(HTTPRequest("GET", server.url("/")))
            _ = try await client.send(HTTPRequest("GET", "http://localhost:\(server.port)/"))
            _ = try await client.send(HTTPRequest("GET", "http://docker/", unixSocket: folder("s")))
            // Any other name goes by the proxy, which is not there.
            let proxied = await failure { () throws(HTTPError) in
                try await client.send(HTTPRequest("GET", "http://192.0.2.1/", connectTimeout: TimeSpan(seconds: 1)))
            }
            guard case .cannotConnect(let text) = proxied else { throw POSIXError(.ENOTCONN) }
            #expect(text.contains("127.0.0.1"))
        }
    }
}
