import Foundation
import Glibc
import ImflowJSON
import ImflowJobAPI
import Synchronization
import Testing

/// Answers at once, or when it is told to.
private final class Desk: RequestHandler {
    struct State {
        var waiting: [CheckedContinuation<Void, Never>] = []
        var arrivals = 0
        var cancelled = 0
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    let state = Mutex(State())

    func refusal(of head: RequestHead) -> APIResponse? {
        head.path == ["refused"] ? .problem(401, "not you") : nil
    }

    func answer(_ request: APIRequest) async -> APIResponse {
        if request.head.path == ["slow"] {
            let id = state.withLock { state in
                state.arrivals += 1
                return state.arrivals
            }
            wake()
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in state.withLock { $0.waiting.append(continuation) } }
            } onCancel: {
                state.withLock { $0.cancelled += 1 }
                wake()
                release()
            }
            return APIResponse(200, ["id": .int(Int64(id))])
        }
        return APIResponse(200, ["bytes": .int(Int64(request.body.count))])
    }

    func release() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func wake() {
        let ready = state.withLock { state in
            let ready = state.watchers.filter { $0.count <= state.arrivals + state.cancelled }
            state.watchers.removeAll { $0.count <= state.arrivals + state.cancelled }
            return ready
        }
        for watcher in ready { watcher.continuation.resume() }
    }

    /// Returns when so many slow requests have come, or gone.
    func events(_ count: Int) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.watchers.append((count, continuation)) }
            wake()
        }
    }
}

@Suite("The socket server", .serialized)
struct SocketServerTests {
    private let place: Place
    private let desk = Desk()

    init() throws { place = try Place() }

    private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: imflow\r\n\r\n" }

    @Test("one request a connection, for the owner only; the socket is there anew after a server that was not stopped")
    func serves() async throws {
        let first = try SocketServer(path: place.socket, handler: desk)
        var status = stat()
        #expect(lstat(place.socket, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let second = try SocketServer(path: place.socket, handler: desk)
        for _ in 0..<50 {
            let client = try Client(place.socket)
            client.send(get("/"))
            #expect(try await client.answer().body == ["bytes": 0])
        }
        await first.stop()
        await second.stop()
        await second.stop()
        #expect(throws: (any Error).self) { try Client(place.socket) }
    }

    @Test("a body of 1 MiB with Expect: 100-continue")
    func continues() async throws {
        let server = try SocketServer(path: place.socket, handler: desk)
        let client = try Client(place.socket)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\nExpect: 100-continue\r\n\r\n")
        #expect(await client.receive(25) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(client.send([UInt8](repeating: 0x20, count: 1 << 20)))
        #expect(try await client.answer().body == ["bytes": 1_048_576])
        await server.stop()
    }

    @Test("a refused client is answered before its body is read, and may go on sending meanwhile")
    func refuses() async throws {
        let server = try SocketServer(path: place.socket, handler: desk)
        let client = try Client(place.socket)
        client.send("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n")
        #expect(client.send([UInt8](repeating: 0x20, count: 1 << 20)))
        #expect(try await client.answer().status == 401)
        let large = try Client(place.socket)
        large.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n")
        #expect(try await large.answer().status == 413)
        let garbage = try Client(place.socket)
        garbage.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x0D, 0x0A, 0x0D, 0x0A])
        #expect(try await garbage.answer().status == 400)
        await server.stop()
    }

    @Test("bodies take room before they come: beyond it a client is asked to try again, and may when room is free")
    func room() async throws {
        let server = try SocketServer(
            path: place.socket, limits: ServerLimits(bodyBytesAtOnce: 100), handler: desk)
        let first = try Client(place.socket)
        first.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80\r\nExpect: 100-continue\r\n\r\n")
        #expect(await first.receive(25).hasPrefix("HTTP/1.1 100"))
        let second = try Client(place.socket)
        second.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80\r\n\r\n")
        #expect(try await second.answer().status == 503)
        first.send([UInt8](repeating: 0x20, count: 80))
        #expect(try await first.answer().status == 200)
        let third = try Client(place.socket)
        third.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80\r\n\r\n" + String(repeating: " ", count: 80))
        #expect(try await third.answer().status == 200)
        await server.stop()
    }

    @Test("clients that never finish are told so, and do not keep others from being served")
    func slow() async throws {
        let server = try SocketServer(
            path: place.socket, limits: ServerLimits(connections: 2, patience: .seconds(2)), handler: desk)
        let slow = try (0..<2).map { _ in try Client(place.socket) }
        slow[0].send("GET / HT")
        // Waits to be accepted until there is room.
        let third = try Client(place.socket)
        third.send(get("/"))
        #expect(try await third.answer().status == 200)
        #expect(try await slow[0].answer().status == 408)
        #expect(try await slow[1].answer().status == 408)
        await server.stop()
    }

    @Test("answers that take long are made side by side; a client that goes away cancels its own")
    func sideBySide() async throws {
        let server = try SocketServer(path: place.socket, handler: desk)
        let slow = try (0..<8).map { _ in try Client(place.socket) }
        for client in slow { client.send(get("/slow")) }
        await desk.events(8)
        let quick = try Client(place.socket)
        quick.send(get("/"))
        #expect(try await quick.answer().status == 200)
        desk.release()
        for client in slow { #expect(try await client.answer().status == 200) }
        let gone = try Client(place.socket)
        gone.send(get("/slow"))
        await desk.events(9)
        gone.hangUp()
        await desk.events(10)
        #expect(desk.state.withLock { $0.cancelled } == 1)
        await server.stop()
    }

    @Test("stopping ends those who wait")
    func stops() async throws {
        let server = try SocketServer(path: place.socket, handler: desk)
        let client = try Client(place.socket)
        client.send(get("/slow"))
        await desk.events(1)
        await server.stop()
        #expect(await client.receiveAll().isEmpty)
        await desk.events(2)
    }

    @Test("a folder for a socket is its owner's, found again, and elsewhere when its path is too long")
    func folders() throws {
        let near = try SocketFolder(place.path + "/state/api/job", name: "n")
        #expect(near.path == place.path + "/state/api/job")
        #expect(try SocketFolder(near.path, name: "n") == near)
        var status = stat()
        #expect(lstat(near.path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        let name = "test-" + UUID().uuidString.prefix(8)
        let far = try SocketFolder(place.path + "/" + String(repeating: "long/", count: 30), name: name)
        #expect(far.path.hasSuffix("/\(name)"))
        #expect(far.socket.utf8.count <= 107)
        far.remove()
        #expect(lstat(far.path, &status) != 0)
        // One that others may enter is not taken.
        let open = place.path + "/open"
        try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: true)
        chmod(open, 0o755)
        let instead = try SocketFolder(open, name: name)
        #expect(instead.path != open)
        instead.remove()
    }
}
