import ImflowJSON
import Testing

@testable import ImflowData

@Suite struct JSONPointerTests {
    private static let document: JSONValue = [
        "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, "~1": 9, " ": 7, "o": ["x": [["y": 3]]],
    ]

    /// The examples of RFC 6901, section 5, and what they leave out.
    @Test(
        arguments: [
            ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/m~0n", 8), ("/~01", 9),
            ("/ ", 7), ("/o/x/0/y", 3),
        ] as [(String, JSONValue)])
    func places(text: String, value: JSONValue) throws {
        let pointer = try #require(JSONPointer(text))
        #expect(pointer.value(in: Self.document) == value)
        let replaced = try #require(pointer.replacing(in: Self.document, by: "new"))
        #expect(pointer.value(in: replaced) == "new")
        #expect(JSONPointer.text(pointer.tokens) == text)
    }

    @Test func theWholeDocument() throws {
        let pointer = try #require(JSONPointer(""))
        #expect(pointer.value(in: Self.document) == Self.document)
        #expect(pointer.replacing(in: Self.document, by: 1) == 1)
    }

    @Test(arguments: ["/foo/2", "/foo/-1", "/foo/-", "/foo/x", "/none", "/foo/0/x", "/foo/99999999999999999999"])
    func noPlaces(text: String) throws {
        let pointer = try #require(JSONPointer(text))
        #expect(pointer.value(in: Self.document) == nil)
        #expect(pointer.replacing(in: Self.document, by: 1) == nil)
    }

    @Test func whatIsNoPointer() { #expect(JSONPointer("foo") == nil) }
}
