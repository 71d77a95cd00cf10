import ImflowJobAPI
import Testing

@Suite("HTTP requests")
struct RequestParserTests {
    private func parse(_ text: String, limits: ServerLimits = ServerLimits()) -> RequestParser.Progress {
        var parser = RequestParser(limits: limits)
        return parser.take(Array(text.utf8))
    }

    private func status(_ text: String, limits: ServerLimits = ServerLimits()) -> Int? {
        if case .refused(let response) = parse(text, limits: limits) { response.status } else { nil }
    }

    private static let whole =
        "POST /v1/jobs?key=a%20b+c&wait=3 HTTP/1.1\r\nHost: imflow\r\nauthorization:  bearer  t0k \r\n"
        + "Content-Length: 4\r\nX-A: 1\r\nx-a: 2\r\n\r\n{ }\n"

    @Test("a whole request, in one piece and byte by byte")
    func whole() throws {
        guard case .complete(let request) = parse(Self.whole) else {
            Issue.record("not complete")
            return
        }
        #expect(request.head.method == "POST")
        #expect(request.head.path == ["v1", "jobs"])
        #expect(request.head.query == ["key": "a b c", "wait": "3"])
        #expect(request.head.bearerToken == "t0k")
        #expect(request.head.fields["x-a"] == "1, 2")
        #expect(request.body == Array("{ }\n".utf8))
        var parser = RequestParser()
        let bytes = Array(Self.whole.utf8)
        for byte in bytes.dropLast() { #expect(parser.take([byte]) == .incomplete) }
        #expect(parser.take(bytes.suffix(1)) == .complete(request))
    }

    @Test("a whole URL as target, a leading empty line, bytes after the body, percent-encoded path")
    func lenient() {
        let text = "\r\nGET http://imflow/v1/jobs/a%2Fb HTTP/1.0\r\n\r\ngarbage"
        guard case .complete(let request) = parse(text) else {
            Issue.record("not complete")
            return
        }
        #expect(request.head.path == ["v1", "jobs", "a/b"])
        #expect(request.body.isEmpty)
    }

    @Test(
        "what two readers might understand differently is refused",
        arguments: [
            ("GET /\r\nHost: a\r\n\r\n", 400), ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("GET / FTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\nb: c\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", 400),
            ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /é HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /?a=1&a=2 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194305\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        ])
    func refused(text: String, expected: Int) {
        #expect(status(text) == expected, "\(text)")
    }

    @Test("heads are bounded in bytes, whether they end or not, and in fields")
    func bounds() {
        let limits = ServerLimits(headBytes: 100, fields: 2)
        #expect(status(String(repeating: "a", count: 101), limits: limits) == 431)
        let long = String(repeating: "b", count: 90)
        #expect(status("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\n\r\n", limits: limits) == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nb: c\r\n\r\n", limits: limits) == nil)
    }

    @Test("no bytes make it trap, and what it takes is bounded: 20,000 mutations of a request, in drawn pieces")
    func garbage() {
        var generator = SplitMix(state: 7)
        let base = Array(Self.whole.utf8)
        for _ in 0..<20_000 {
            var bytes = base
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
                default: bytes.replaceSubrange(at..<at, with: [0x0D, 0x0A])
                }
            }
            var parser = RequestParser(limits: ServerLimits(headBytes: 256, bodyBytes: 64))
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &generator)
                let progress = parser.take(rest.prefix(count))
                rest = rest.dropFirst(count)
                if case .complete(let request) = progress { #expect(request.body.count <= 64) }
                guard progress == .incomplete else { break }
                #expect(parser.appetite > 0)
            }
        }
    }
}

/// Sebastiano Vigna's generator: the same numbers at every time.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
