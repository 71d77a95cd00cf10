import ImflowJSON
import Testing

/// RFC 8259, to the letter.
@Suite struct JSONReaderTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true\n", true), ("false", false), ("\u{FEFF}1", 1), ("\"\"", ""),
            ("0", 0), ("-0", .number(-0.0)), ("-1", -1), ("9223372036854775807", .int(.max)),
            ("-9223372036854775808", .int(.min)), ("9223372036854775808", .number(0x1p63)),
            ("9007199254740993", .int(9_007_199_254_740_993)), ("1.0", 1.0), ("1e2", 100.0), ("1E+2", 100.0),
            ("1.5e-3", 0.0015), ("1e-400", 0.0), ("0.1", 0.1), ("[]", []), ("[ ]", []), ("{}", [:]), ("{ }", [:]),
            ("[1,[2,{}],\"x\"]", [1, [2, [:]], "x"]), ("{\"a\":{\"b\":[null]}}", ["a": ["b": [nil]]]),
            ("{\"\":1}", ["": 1]), ("\t[\r\n1 , 2\t]  ", [1, 2]), ("{\"a\":1,\"a\":2}", ["a": 2]),
        ] as [(String, JSONValue)]) func accepted(_ text: String, _ value: JSONValue) throws
    {
        #expect(try JSONValue.parse(text) == value)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\ude00""#, "😀"), (#""\uD834\uDD1E""#, "𝄞"), (#""\u0000""#, "\0"), (#""\uffff""#, "\u{FFFF}"),
        ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"), ("\"é😀\"", "é😀"), (#""a\u0301""#, "a\u{301}"),
    ]) func strings(_ text: String, _ value: String) throws {
        let parsed = try #require(try JSONValue.parse(text).stringValue)
        #expect(Array(parsed.utf8) == Array(value.utf8))
    }

    /// The text, the byte at which it is refused, and words of the reason.
    @Test(
        arguments: [
            ("", 0, "the text ends"), ("  ", 2, "the text ends"), ("tru", 0, "not a JSON value"),
            ("True", 0, "not a JSON value"),
            ("nul", 0, "not a JSON value"), ("nulll", 4, "unexpected text"), ("[1,]", 3, "not a JSON value"),
            ("[,1]", 1, "not a JSON value"), ("[1 2]", 3, "expected ',' or ']'"), ("[1", 2, "expected ',' or ']'"),
            ("{\"a\":1,}", 7, "member name"), ("{a:1}", 1, "member name"), ("{\"a\"}", 4, "expected ':'"),
            ("{\"a\":}", 5, "not a JSON value"), ("{\"a\":1 \"b\":2}", 7, "expected ',' or '}'"),
            ("{1:2}", 1, "member name"),
            ("01", 1, "unexpected text"), ("-", 1, "not a JSON value"), ("+1", 0, "not a JSON value"),
            (".5", 0, "not a JSON value"),
            ("1.", 2, "decimal point"), ("1.e1", 2, "decimal point"), ("1e", 2, "exponent"), ("1e+", 3, "exponent"),
            ("0x10", 1, "unexpected text"), ("-01", 2, "unexpected text"), ("1e400", 0, "too large"),
            ("-1e400", 0, "too large"),
            ("NaN", 0, "not a JSON value"), ("Infinity", 0, "not a JSON value"), ("-Infinity", 1, "not a JSON value"),
            ("\"a", 2, "does not end"), ("\"a\\", 3, "does not end"), ("\"a\nb\"", 2, "control character"),
            ("\"\t\"", 1, "control"),
            ("\"\\x\"", 2, "unknown escape"), ("\"\\u12\"", 3, "does not end"), ("\"\\u12G4\"", 5, "hexadecimal"),
            ("\"\\ud83d\"", 7, "high surrogate"), ("\"\\ud83d\\n\"", 7, "high surrogate"),
            ("\"\\ud83d\\u0041\"", 13, "high surrogate"), ("\"\\ude00\"", 7, "low surrogate"),
            ("'a'", 0, "not a JSON value"),
            ("[1] // x", 4, "unexpected text"), ("/* x */ 1", 0, "not a JSON value"), ("1 2", 2, "unexpected text"),
            ("[1]\u{0}", 3, "unexpected text"), ("\u{A0}1", 0, "not a JSON value"), ("[", 1, "the text ends"),
            ("{", 1, "member name"), ("]", 0, "not a JSON value"),
            ("{\"e\u{301}\":1,\"\u{E9}\":2}", 9, "normalization"),
        ] as [(String, Int, String)]) func refused(_ text: String, _ offset: Int, _ reason: String) throws
    {
        let error = try #require(#expect(throws: JSONError.self) { try JSONValue.parse(text) })
        #expect(error.offset == offset)
        #expect(error.message.contains(reason))
    }

    @Test(
        arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue.parse([0x22] + bytes + [0x22]) }
        #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0x5C, 0x6E] + bytes + [0x22]) }
        #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
    }

    @Test func depthIsBounded() throws {
        func nest(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONValue.parse(nest(JSONReader.maximumDepth)) }
        for depth in [JSONReader.maximumDepth + 1, 1_000_000] {
            let error = try #require(#expect(throws: JSONError.self) { try JSONValue.parse(nest(depth)) })
            #expect(error.message == "nested deeper than 512 levels")
            #expect(error.offset == 512)
        }
    }

    /// Long lists and objects are read in linear time.
    @Test(.timeLimit(.minutes(10))) func longTexts() throws {
        let items = (0..<200_000).map(String.init).joined(separator: ",")
        let members = (0..<100_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let value = try JSONValue.parse("[[\(items)],{\(members)}]")
        #expect(value.arrayValue?.first?.arrayValue?.count == 200_000)
        #expect(value.arrayValue?.last?["k99999"] == 99_999)
    }

    @Test func membersKeepTheirOrder() throws {
        let text = #"{"z":1,"a":{"y":2,"b":3},"m":[]}"#
        #expect(try JSONValue.parse(text).text == text)
    }

    private struct Recorder: JSONVisitor {
        var log: [String] = []
        mutating func beginObject(at offset: Int) { log.append("{\(offset)") }
        mutating func endObject(at end: Int) { log.append("}\(end)") }
        mutating func beginArray(at offset: Int) { log.append("[\(offset)") }
        mutating func endArray(at end: Int) { log.append("]\(end)") }
        mutating func key(_ text: String, range: Range<Int>) { log.append("\(text):\(range)") }
        mutating func scalar(_ value: JSONValue, range: Range<Int>) { log.append("\(value.text)=\(range)") }
    }

    @Test func placesAreBytes() throws {
        var recorder = Recorder()
        try JSONReader.read(Array(" {\"é\": [1, \"\\u0041\"], \"b\" :-2.50 }".utf8), into: &recorder)
        #expect(
            recorder.log == [
                "{1", "é:2..<6", "[8", "1=9..<10", "\"A\"=12..<20", "]21", "b:23..<26", "-2.5=28..<33", "}35",
            ])
    }
}
