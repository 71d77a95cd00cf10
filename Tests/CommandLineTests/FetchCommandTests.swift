import Foundation
import ImflowJSON
import Testing

/// What users see of fetching.
@Suite("Fetching", .onThreads, .timeLimit(.minutes(10)))
struct FetchCommandTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        // How many bytes its file has.
        try place.model(
            "size", #"""
                path=$(sed -n 's/.*"file_url" *: *"file:\/\/\([^"]*\)".*/\1/p')
                wc -c < "$path"
                """#)
    }

    private func run(_ url: String, _ more: [String] = [], environment: [String: String] = [:]) throws -> Ended {
        try place.run(
            [Workplace.binary, "run", "--model", "size", "--models", "models", "--input", "file_url=" + url] + more,
            environment: environment)
    }

    @Test("what cannot be fetched whatever lies behind it is refused before anything starts")
    func obstacles() throws {
        let none = ["IMFLOW_IPFS_API": "", "IMFLOW_IPFS_GATEWAY": "", "HOME": place.path]
        for (url, text) in [
            ("gopher://x/y", "the scheme 'gopher' is not supported"),
            ("ipfs://QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", "set IMFLOW_IPFS_API"),
            ("ipfs://x", "'x' is no CID"), ("s3://bucket", "give s3://BUCKET/KEY"),
            ("http://169.254.169.254/latest", "leads to the private address 169.254.169.254"),
        ] {
            let ended = try run(url, environment: none)
            #expect(ended.code == 2, "\(url): \(ended.errors)")
            #expect(ended.errors.contains("input /file_url: ") && ended.errors.contains(text), "\(ended.errors)")
        }
        #expect(try place.imflow("job", "--output", "json").json["jobs"]?.arrayValue?.isEmpty ?? true)
        let variable = try run("s3://b/k", environment: ["IMFLOW_ALLOW_PRIVATE": "1.2.3"])
        #expect(variable.code == 2 && variable.errors.contains("IMFLOW_ALLOW_PRIVATE: '1.2.3'"))
        #expect(try run("s3://b/k", ["--allow-private", "*"]).code == 2)
    }

    @Test("a private address is allowed by option or variable; a job keeps the option")
    func allowing() throws {
        let server = try HalfServer(halves: 0)
        let refused = try run("http://localhost:\(server.port)/f")
        #expect(refused.code == 1)
        #expect(refused.errors.contains("leads to the private address"), "\(refused.errors)")
        #expect(try run(server.url, environment: ["IMFLOW_ALLOW_PRIVATE": "127.0.0.0/8"]).output == "200000\n")
        #expect(try run(server.url, ["--allow-private", "127.0.0.1"]).output == "200000\n")
    }

    @Test("killed in the middle of a download, resumed: only the rest is asked for")
    func killed() throws {
        let server = try HalfServer(halves: 1)
        let ended = try place.run([
            "sh", "-c",
            """
            "$0" run --model size --models models --allow-private 127.0.0.1 --input file_url=\(server.url) & pid=$!
            until [ -n "$(find state/cache/fetch/partial -size 100000c 2>/dev/null)" ]; do
                kill -0 $pid || exit 9
            done
            kill -9 $pid
            """, Workplace.binary,
        ])
        #expect(ended.code == 0, "\(ended.errors)")
        let resumed = try place.imflow("resume", "@latest")
        #expect(resumed.output == "200000\n", "\(resumed.errors)")
        #expect(try server.ranges() == ["-", "bytes=100000-"])
    }
}

/// Serves 200,000 bytes; of the first `halves` answers half comes, and then nothing more. Ends when this object does.
private final class HalfServer: Sendable {
    let port: Int
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    var url: String { "http://127.0.0.1:\(port)/f.bin" }

    init(halves: Int) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-I", "-S", "-c", Self.script, String(halves)]
        process.standardInput = input
        process.standardOutput = output
        try process.runWithinLimit()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.terminate()
        process.waitUntilExit()
    }

    /// What each request asked for, `-` for all.
    func ranges() throws -> [String] {
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        return String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private static let script = """
        import os, sys, threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        halves, ranges, ever = int(sys.argv[1]), [], threading.Event()
        body = bytes(range(250)) * 800
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                wanted = self.headers.get("Range")
                ranges.append(wanted or "-")
                start = int(wanted[6:-1]) if wanted and self.headers.get("If-Range") == '"one"' else 0
                self.send_response(206 if start else 200)
                self.send_header("ETag", '"one"')
                self.send_header("Content-Length", str(len(body) - start))
                if start: self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(body) - 1, len(body)))
                self.end_headers()
                if len(ranges) <= halves:
                    self.wfile.write(body[:100000])
                    ever.wait()
                self.wfile.write(body[start:])
            def log_message(self, *arguments): pass
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        while sys.stdin.readline(): print(*ranges, flush=True)
        os._exit(0)
        """
}
