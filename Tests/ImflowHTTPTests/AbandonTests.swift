import Glibc
import ImflowPlan
import Synchronization
import Testing

@testable import ImflowHTTP

@Suite(.timeLimit(.minutes(10)))
struct AbandonTests {
    /// Answers nobody.
    private func mute() throws -> ScriptedServer {
        try ScriptedServer { connection, _ in while connection.readRequest() != nil {} }
    }

    @Test func whatIsUnderWayEndsAndSoDoesWhatComes() async throws {
        let server = try mute()
        defer { server.stop() }
        let client = HTTPClient(maximumConnections: 2)
        // More than run at once: those that wait end, too.
        let answers = (0..<5).map { number in
            Task { try await client.send(HTTPRequest("GET", server.url("/\(number)"))) }
        }
        while server.accepted < 2 { await Task.yield() }
        client.abandon("it has gone")
        for answer in answers { await #expect(throws: HTTPError.connectionClosed("it has gone")) { try await answer.value } }
        await #expect(throws: HTTPError.connectionClosed("it has gone")) {
            try await client.send(HTTPRequest("GET", server.url("/later")))
        }
        #expect(server.accepted == 2)
    }

    @Test func upgradedConnectionsEndToo() async throws {
        let path = "/tmp/imflow-abandon-\(UInt64.random(in: .min ... .max)).sock"
        let (begun, signal) = AsyncStream<Void>.makeStream()
        let server = try ScriptedServer(unixSocket: path) { connection, _ in
            _ = connection.readRequest()
            signal.yield()
            _ = connection.readRequest()
        }
        defer {
            server.stop()
            unlink(path)
        }
        let client = HTTPClient()
        let answer = Task { try await client.hijack(HTTPRequest("POST", "http://x/attach", unixSocket: path), input: []) }
        for await _ in begun { break }
        client.abandon("it has gone")
        await #expect(throws: HTTPError.connectionClosed("it has gone")) { try await answer.value }
        await #expect(throws: HTTPError.connectionClosed("it has gone")) {
            try await client.hijack(HTTPRequest("POST", "http://x/attach", unixSocket: path), input: [])
        }
    }
}
