import Foundation
import ImflowPlan
import Synchronization
import Testing

@testable import ImflowHTTP

@Suite(.timeLimit(.minutes(10)))
struct StreamTests {
    let client = HTTPClient()

    @Test func chunksComeAsTheyAreSent() async throws {
        let go = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            // The second goes out only when the first has arrived.
            go.wait()
            connection.write("6\r\nsecond\r\n0\r\n\r\n")
        }
        defer { server.stop() }
        let text = Mutex("")
        let response = try await client.stream(HTTPRequest("GET", server.url("/"))) { chunk in
            text.withLock { $0 += String(decoding: chunk, as: UTF8.self) }
            go.signal()
            return true
        }
        #expect(text.withLock { $0 } == "firstsecond")
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
    }

    @Test func streamingHasNoLimitAndStopsWhenToldTo() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write([UInt8](repeating: 7, count: 4096)) {}
        }
        defer { server.stop() }
        let count = Mutex(0)
        let response = try await client.stream(HTTPRequest("GET", server.url("/"), maximumBodyBytes: 100)) { chunk in
            count.withLock { count in
                count += chunk.count
                return count < 1_000_000
            }
        }
        #expect(response.status == 200)
        #expect(count.withLock { $0 } >= 1_000_000)
    }

    @Test func anErrorsTextIsTheAnswersBody() async throws {
        let server = try ScriptedServer { connection, _ in
            while connection.readRequest() != nil { connection.answer("no such log".utf8, status: "404 Not Found") }
        }
        defer { server.stop() }
        let folder = try TemporaryFolder()
        let streamed = try await client.stream(HTTPRequest("GET", server.url("/"))) { _ in
            Issue.record("an error is no chunk")
            return true
        }
        #expect(streamed.body == Array("no such log".utf8))
        let loaded = try await client.download(HTTPRequest("GET", server.url("/")), to: folder("f"))
        #expect(loaded.body == Array("no such log".utf8))
        #expect(FileManager.default.contents(atPath: folder("f")) == Data())
    }

    @Test func downloadsIntoAFile() async throws {
        let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
        let server = try ScriptedServer { connection, _ in
            while connection.readRequest() != nil { connection.answer(body) }
        }
        defer { server.stop() }
        let folder = try TemporaryFolder()
        try Data("something longer lay here".utf8).write(to: URL(fileURLWithPath: folder("f")))
        let request = HTTPRequest("GET", server.url("/"), maximumBodyBytes: body.count)
        let response = try await client.download(request, to: folder("f"))
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        #expect(FileManager.default.contents(atPath: folder("f")) == Data(body))

        var tighter = request
        tighter.maximumBodyBytes = 4_999_999
        let tooLarge = await failure { () throws(HTTPError) in try await client.download(tighter, to: folder("g")) }
        #expect(tooLarge == .bodyTooLarge(limit: 4_999_999))
        let path = folder("none/f")
        let unwritable = await failure { () throws(HTTPError) in try await client.download(request, to: path) }
        #expect(unwritable == .other("\(path) cannot be written: No such file or directory."))
    }

    @Test func aFullDiskIsNamed() async throws {
        let server = try ScriptedServer { connection, _ in
            while connection.readRequest() != nil { connection.answer("some bytes".utf8) }
        }
        defer { server.stop() }
        let full = await failure { () throws(HTTPError) in
            try await client.download(HTTPRequest("GET", server.url("/")), to: "/dev/full")
        }
        #expect(full == .other("/dev/full cannot be written: No space left on device."))
    }

    @Test func aStreamCanBeCancelled() async throws {
        let began = Signal()
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        let task = Task { [client] in
            try await client.stream(HTTPRequest("GET", server.url("/"))) { _ in
                began.fire()
                return true
            }
        }
        await began.wait()
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { try await task.value }
    }
}
