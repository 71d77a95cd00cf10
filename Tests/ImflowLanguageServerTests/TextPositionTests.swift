import ImflowDiagnostics
import ImflowLanguageServer
import Testing

@Suite("Positions")
struct TextPositionTests {
    /// One byte, two, three, and four that are a surrogate pair.
    private static let source = Source(name: "t", bytes: Array("aä€😀b\r\n😀\rx\n".utf8))

    @Test("UTF-16 counts a surrogate pair as two, UTF-8 counts bytes")
    func units() {
        let utf16 = TextPositions(Self.source, .utf16)
        let utf8 = TextPositions(Self.source, .utf8)
        // Offsets of a, ä, €, 😀, b, the line's end; the next line's 😀 and its end.
        let places: [(offset: Int, line: Int, utf16: Int, utf8: Int)] = [
            (0, 0, 0, 0), (1, 0, 1, 1), (3, 0, 2, 3), (6, 0, 3, 6), (10, 0, 5, 10), (11, 0, 6, 11), (13, 1, 0, 0),
            (17, 1, 2, 4), (18, 2, 0, 0), (20, 3, 0, 0),
        ]
        for place in places {
            #expect(utf16.position(of: place.offset) == (place.line, place.utf16))
            #expect(utf8.position(of: place.offset) == (place.line, place.utf8))
            #expect(utf16.offset(line: place.line, character: place.utf16) == place.offset)
            #expect(utf8.offset(line: place.line, character: place.utf8) == place.offset)
        }
    }

    @Test("an index changes no position", arguments: [PositionEncoding.utf8, .utf16])
    func index(_ encoding: PositionEncoding) {
        let line = String(repeating: "a😀€", count: 700)
        let source = Source(name: "t", bytes: Array("\(line)\n\(line)\(line)\r\n".utf8))
        let plain = TextPositions(source, encoding)
        let indexed = TextPositions(source, encoding, isIndexed: true)
        for offset in stride(from: 0, through: source.bytes.count, by: 7) {
            #expect(plain.position(of: offset) == indexed.position(of: offset))
        }
        #expect(TextPositions(Source(name: "t", bytes: []), encoding, isIndexed: true).position(of: 0) == (0, 0))
    }

    @Test("within a character is its start, beyond a line its end, beyond the text its end")
    func clamps() {
        let utf16 = TextPositions(Self.source, .utf16)
        #expect(utf16.offset(line: 0, character: 4) == 6)
        #expect(utf16.offset(line: 0, character: 99) == 11)
        #expect(utf16.offset(line: 99, character: 0) == 20)
        let utf8 = TextPositions(Self.source, .utf8)
        for character in 7...9 { #expect(utf8.offset(line: 0, character: character) == 6) }
        #expect(utf8.offset(line: .max, character: .max) == 20)
    }

    @Test("bytes that are no UTF-8 have positions")
    func broken() {
        let source = Source(name: "t", bytes: [0x80, 0xFF, 0xC3, 0x0A, 0xF0])
        for encoding in [PositionEncoding.utf8, .utf16] {
            let positions = TextPositions(source, encoding)
            for offset in 0...5 {
                let (line, character) = positions.position(of: offset)
                #expect(positions.offset(line: line, character: character) <= 5)
            }
        }
    }

    @Test("UTF-8 is taken when it is offered")
    func negotiation() {
        #expect(PositionEncoding(offered: ["utf-16", "utf-8"]) == .utf8)
        #expect(PositionEncoding(offered: ["utf-16", "utf-32"]) == .utf16)
        #expect(PositionEncoding(offered: []) == .utf16)
    }

    @Test("URIs of files are paths", arguments: [
        ("file:///a/b%20c/m.yaml", "/a/b c/m.yaml"), ("file://localhost/a/./b/../c", "/a/c"),
        ("FILE:///%E2%82%AC", "/€"), ("file:/a", "/a"), ("file:///a%3Ab?x#y", "/a:b"), ("untitled:Untitled-1", nil),
        ("file://server/a", nil), ("file:///a%00b", nil), ("file:///a%zz", nil), ("file:///%FF", nil), ("", nil),
    ] as [(String, String?)])
    func paths(_ uri: String, _ path: String?) { #expect(DocumentURI.path(uri) == path) }
}
