import Foundation
import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowPlan
import Testing

@testable import ImflowData

/// Downloads from a real HTTP server, Python's.
@Suite(.timeLimit(.minutes(10)))
struct FetchWebTests {
    /// One for all tests, each of which has its own paths.
    private static let shared = Result { try FetchServer() }

    private let server: FetchServer
    private let bench: FetchBench

    init() throws {
        server = try Self.shared.get()
        bench = try FetchBench()
    }

    @Test func storesTheBytesUnderAName() async throws {
        let reference = try await bench.fetcher.fetch(server.url("/bytes/3000000/my%20page.png?x=1#y"))
        #expect(reference.name == "my_page.png")
        let bytes = try bench.content.read(reference.hash, limit: 1 << 30)
        #expect(bytes == (0..<3_000_000).map { UInt8($0 % 251) })
        #expect(reference.hash == ContentHash(of: bytes))
        #expect(try bench.leftovers() == [])
    }

    @Test(arguments: [
        ("image/png", "picture.png"), ("image/tiff; x=y", "picture.tif"), ("application/ld+json", "picture.json"),
        ("application/octet-stream", "picture"),
    ])
    func theMediaTypeGivesAMissingExtension(type: String, name: String) async throws {
        let type = try #require(type.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        #expect(try await bench.fetcher.fetch(server.url("/type/\(type)/picture")).name == name)
    }

    @Test(arguments: ["/busy/2/429", "/busy/3/503", "/cut/2"])
    func whatMayPassIsTriedAgain(path: String) async throws {
        let reference = try await bench.fetcher.fetch(server.url(path + "/f.txt"))
        #expect(try bench.content.read(reference.hash, limit: 100) == Array("at last".utf8))
        let failures = Int(path.split(separator: "/")[1])
        #expect(try await server.hits(path + "/f.txt") == failures.map { $0 + 1 })
        #expect(try bench.leftovers() == [])
    }

    @Test(arguments: [("/busy/99/503/f", "answered with status 503"), ("/cut/99/f", "could not be fetched")])
    func aServerThatStaysDownIsTheNetworksFault(path: String, text: String) async throws {
        let failure = try #require(await bench.failure(server.url(path)))
        #expect(failure.cause == .infra)
        #expect(failure.message.contains(text))
        #expect(failure.message.contains("(tried 4 times)"))
        #expect(try await server.hits(path) == 4)
        #expect(try bench.leftovers() == [])
    }

    @Test func nobodyAtThePort() async throws {
        let server = try FetchServer()
        let url = server.url("/x")
        server.stop()
        let failure = try #require(await bench.failure(url))
        #expect(failure.cause == .infra)
        #expect(failure.message.contains(url))
    }

    @Test(arguments: [(404, "there is no such file"), (403, "without permission"), (400, "status 400")])
    func refusalsAreTheInputsFault(status: Int, text: String) async throws {
        let path = "/status/\(status)/f"
        let failure = try #require(await bench.failure(server.url(path)))
        #expect(failure.cause == .app)
        #expect(failure.message.contains(text))
        #expect(try await server.hits(path) == 1)
    }

    @Test func messagesKeepSecretsToThemselves() async throws {
        let url = "http://user:s3cret@127.0.0.1:\(server.port)/status/404/g?token=s3cret"
        let failure = try #require(await bench.failure(url))
        #expect(failure.message.contains("http://127.0.0.1:\(server.port)/status/404/g"))
        #expect(!failure.message.contains("s3cret"))
    }

    @Test func redirectsAreFollowedButNotForever() async throws {
        let reference = try await bench.fetcher.fetch(server.url("/hop/5/a.bin"))
        #expect(reference.name == "a.bin")
        #expect(try bench.content.read(reference.hash, limit: 100) == Array("there".utf8))
        let failure = try #require(await bench.failure(server.url("/hop/50/a.bin")))
        #expect(failure.cause == .app)
        #expect(failure.message.contains("redirected more than 10 times"))
    }

    @Test(arguments: ["/bytes/2000000/f", "/endless/f"])
    func tooLargeFilesAreRefused(path: String) async throws {
        let bench = try FetchBench(limits: FetchLimits(maximumSize: ByteCount(bytes: 1 << 20)))
        let failure = try #require(await bench.failure(server.url(path)))
        #expect(failure.cause == .app)
        #expect(failure.message.contains("larger than 1 MiB"))
        #expect(try bench.leftovers() == [])
    }

    @Test func aStalledTransferIsGivenUp() async throws {
        let bench = try FetchBench(limits: FetchLimits(stallTimeout: TimeSpan(seconds: 1), tries: 1))
        let failure = try #require(await bench.failure(server.url("/half/f")))
        #expect(failure.cause == .infra)
        #expect(failure.message.contains("no byte came"))
    }

    @Test func unencodedURLsAreSentEncoded() async throws {
        let reference = try await bench.fetcher.fetch(server.url("/echo/grün & blau"))
        let text = String(decoding: try bench.content.read(reference.hash, limit: 1000), as: UTF8.self)
        #expect(text == "/echo/gr%C3%BCn%20&%20blau")
        #expect(reference.name == "gr_n___blau.txt")
    }

    @Test func cancellingEndsADownload() async throws {
        let url = server.url("/half/g")
        let task = Task { [bench] in try await bench.fetcher.fetch(url) }
        while try await server.hits("/half/g") == 0 {}
        task.cancel()
        await #expect(throws: Failure(.cancelled, "it was cancelled")) { _ = try await task.value }
        while try !bench.leftovers().isEmpty { await Task.yield() }
    }

    @Test func oneURLAskedForByManyIsFetchedOnce() async throws {
        let url = server.url("/gate/f.txt")
        let tasks = (0..<20).map { _ in Task { [bench] in try await bench.fetcher.fetch(url) } }
        while try await server.hits("/gate/f.txt") == 0 {}
        // One more who comes while it is under way, and one who leaves.
        let late = Task { [bench] in try await bench.fetcher.fetch(url) }
        tasks[0].cancel()
        await #expect(throws: Failure.self) { _ = try await tasks[0].value }
        _ = try await server.get("/open")
        var references = [try await late.value]
        for task in tasks.dropFirst() { references.append(try await task.value) }
        #expect(Set(references).count == 1)
        #expect(try bench.content.all().count == 1)
    }
}

/// A content store of the test's own and a fetcher that does not wait long.
final class FetchBench: Sendable {
    let folder: String
    let content: ContentStore
    let fetcher: Fetcher

    /// - Parameters:
    ///   - environment: as the command line hands it on.
    ///   - shared: the folder that the fetchers of several processes share; nil: none.
    init(
        limits: FetchLimits = FetchLimits(), allowed: PrivateAddresses = .all, environment: [String: String] = [:],
        shared: String? = nil, reporter: FetchReporter = FetchReporter(), reachesNetwork: Bool = true
    ) throws {
        var template = Array((NSTemporaryDirectory() + "imflow-fetch-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        content = try ContentStore(folder: folder + "/cas")
        var limits = limits
        limits.retryInterval = TimeSpan(milliseconds: 1)
        fetcher = Fetcher(
            content: content, client: HTTPClient(), limits: limits,
            access: FetchAccess(allowed: allowed, environment: environment, reachesNetwork: reachesNetwork),
            folder: try shared.map { try FetchFolder($0) },
            reporter: reporter)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// How the fetch failed; nil: it did not.
    func failure(_ url: String) async -> Failure? {
        do {
            _ = try await fetcher.fetch(url)
            return nil
        } catch { return error }
    }

    /// What lies in the store's folder of unfinished files.
    func leftovers() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder + "/cas/tmp") }

    func write(_ text: String, _ name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        return folder + "/" + name
    }
}

/// Python's HTTP server on a free port, with answers good and bad. It ends when this object or this process does.
final class FetchServer: Sendable {
    let port: Int
    private let process: Process
    private let input = Pipe()
    private let client = HTTPClient()

    init() throws {
        let output = Pipe()
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-I", "-S", "-c", Self.script]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    deinit { stop() }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.terminate()
        process.waitUntilExit()
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    func get(_ path: String) async throws -> String {
        String(decoding: try await client.send(HTTPRequest("GET", url(path))).body, as: UTF8.self)
    }

    /// Of each request for the path: `Range`, `If-Range` and `Authorization`, `-` where it had none.
    func heads(_ path: String) async throws -> [String] {
        try await get("/heads" + path).split(separator: "\n").map(String.init)
    }

    /// How often the path was asked for.
    func hits(_ path: String) async throws -> Int? { Int(try await get("/hits" + path)) }

    private static let script = """
        import os, sys, threading, urllib.parse
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        hits, heads, lock, gate = {}, {}, threading.Lock(), threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self, body, status=200, length=None, **headers):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path = self.path.split("?")[0]
                if path.startswith("/hits"): return self.reply(str(hits.get(path[5:], 0)).encode())
                if path.startswith("/heads"): return self.reply("\\n".join(heads.get(path[6:], [])).encode())
                with lock:
                    count = hits[path] = hits.get(path, 0) + 1
                    heads.setdefault(path, []).append(" ".join(
                        self.headers.get(name) or "-" for name in ("Range", "If-Range", "Authorization")))
                part = path.split("/")
                kind = part[1]
                if kind == "bytes": self.reply((bytes(range(251)) * (int(part[2]) // 251 + 1))[:int(part[2])])
                elif kind == "type": self.reply(b"x", Content_Type=urllib.parse.unquote(part[2]))
                elif kind == "echo": self.reply(path.encode(), Content_Type="text/plain; charset=utf-8")
                elif kind == "status": self.reply(b"no", int(part[2]))
                elif kind == "busy":
                    if count <= int(part[2]): self.reply(b"busy", int(part[3]), Retry_After="0")
                    else: self.reply(b"at last")
                elif kind == "cut":
                    if count <= int(part[2]):
                        self.close_connection = True
                        self.reply(b"at", length=7)
                    else: self.reply(b"at last")
                elif kind == "hop":
                    left = int(part[2])
                    if left: self.reply(b"", 302, Location="/hop/%d/%s" % (left - 1, part[3]))
                    else: self.reply(b"there")
                elif kind == "break": self.broken(count, *part[2:6])
                elif kind == "to":
                    self.reply(b"", 302, Location=urllib.parse.unquote(self.path.split("?", 1)[1]))
                elif kind == "endless":
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    while True: self.wfile.write(b"1000\\r\\n" + bytes(4096) + b"\\r\\n")
                elif kind == "half":
                    self.reply(b"half", length=8)
                    self.rfile.read(1)
                elif kind == "gate":
                    gate.wait()
                    self.reply(b"open")
                elif kind == "open":
                    gate.set()
                    self.reply(b"")

            # A file whose first answers break off after a third of what they bring. kind: what the server says of its version.
            def broken(self, count, kind, breaks, size, name):
                body = (bytes(range(251)) * (int(size) // 251 + 1))[:int(size)]
                if kind == "changes" and count > 1: body = body[::-1]
                tag = '"v1"' if kind != "changes" or count == 1 else '"v2"'
                if kind == "weak": tag = 'W/"v1"'
                wanted, condition = self.headers.get("Range"), self.headers.get("If-Range")
                dated = "Sat, 21 Nov 2026 10:00:00 GMT"
                start, status, headers = 0, 200, {}
                if kind == "date": headers["Last-Modified"] = dated
                elif kind != "none": headers["ETag"] = tag
                if wanted and condition == (dated if kind == "date" else tag):
                    start, status = int(wanted[6:-1]), 206
                    if kind == "astray": start -= 1
                    headers["Content-Range"] = "bytes %d-%d/%d" % (start, len(body) - 1, len(body))
                rest = body[start:]
                if count <= int(breaks):
                    self.close_connection = True
                    self.reply(rest[:len(rest) // 3], status, len(rest), **headers)
                else: self.reply(rest, status, **headers)

            def log_message(self, *arguments): pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            def handle_error(self, *arguments): pass

        server = Server(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        os._exit(0)
        """
}
