import ImflowLanguageServer
import Testing

@Suite("Frames")
struct FrameReaderTests {
    private static func frame(_ body: String) -> [UInt8] {
        Array("Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// All frames of a text that comes in pieces of `size` bytes.
    private static func frames(_ bytes: [UInt8], size: Int) -> [FrameReader.Frame] {
        var reader = FrameReader()
        var frames: [FrameReader.Frame] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            reader.append(bytes[start..<end])
            while let frame = reader.next() { frames.append(frame) }
            start = end
        }
        return frames
    }

    private static func bodies(_ frames: [FrameReader.Frame]) -> [String] {
        frames.compactMap { frame in
            if case .body(let body) = frame { String(decoding: body, as: UTF8.self) } else { nil }
        }
    }

    private static func problems(_ frames: [FrameReader.Frame]) -> [String] {
        frames.compactMap { frame in if case .malformed(let problem) = frame { problem } else { nil } }
    }

    @Test("messages are the same however the bytes are cut", arguments: [1, 2, 7, 64, 10_000])
    func pieces(_ size: Int) {
        let more = "content-length:4\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\nfour"
        let bytes = Self.frame("{}") + Self.frame("") + Array(more.utf8) + Self.frame("ä😀")
        let frames = Self.frames(bytes, size: size)
        #expect(Self.bodies(frames) == ["{}", "", "four", "ä😀"])
        #expect(Self.problems(frames).isEmpty)
    }

    @Test("what is no frame is reported, and the next message is read", arguments: [1, 13, 10_000])
    func garbage(_ size: Int) {
        let cases: [(String, String)] = [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "has no Content-Length"),
            ("Content-Length: twelve\r\n\r\n", "no number of bytes"),
            ("Content-Length: -1\r\n\r\n", "no number of bytes"),
            ("Content-Length: 99999999999999999999\r\n\r\n", "no number of bytes"),
            ("{\"jsonrpc\": \"2.0\"}", "before a header"),
            (String(repeating: "x", count: 20_000), "more than 8192 bytes"),
        ]
        for (text, problem) in cases {
            let frames = Self.frames(Array(text.utf8) + Self.frame("next"), size: size)
            #expect(Self.bodies(frames) == ["next"], "\(text.prefix(40))")
            #expect(!Self.problems(frames).isEmpty)
            #expect(Self.problems(frames).allSatisfy { $0.contains(problem) }, "\(Self.problems(frames))")
        }
    }

    @Test("a body over the limit is skipped and never kept")
    func oversized() {
        var reader = FrameReader()
        let size = FrameReader.maximumBody + 1
        reader.append(Array("Content-Length: \(size)\r\n\r\n".utf8))
        guard case .malformed(let problem) = reader.next() else {
            Issue.record("not refused")
            return
        }
        #expect(problem.contains("64 MiB"))
        let piece = [UInt8](repeating: 0x78, count: 1 << 20)
        var left = size
        while left > 0 {
            reader.append(piece.prefix(left))
            left -= min(left, piece.count)
            #expect(reader.next() == nil)
            #expect(reader.pendingBytes == 0)
        }
        reader.append(Self.frame("next"))
        #expect(reader.next() == .body(Array("next".utf8)))
    }
}
