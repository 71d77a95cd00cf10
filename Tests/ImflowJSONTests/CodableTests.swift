import Foundation
import ImflowJSON
import Testing

@Suite struct CodableTests {
    private func roundTrip(_ value: JSONValue) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    }

    @Test(
        arguments: [
            nil, true, false, 0, 1, -1, .int(.max), .int(.min), 1.5, "", "text", "😀", [], [:],
            [nil, [1, [2.5]], ["a": nil]],
            ["a": ["b": [true, 1, 1.5, "x", nil]], "c": [:]], .int(9_007_199_254_740_993), .number(1e300),
        ] as [JSONValue]) func keepsTheValue(_ value: JSONValue) throws
    {
        #expect(try roundTrip([value]) == [value])
        #expect(try roundTrip([value]).canonicalText == JSONValue.array([value]).canonicalText)
    }

    /// Booleans and numbers do not turn into one another.
    @Test func keepsTheKind() throws {
        let value = try roundTrip([true, 1, 0, false])
        #expect(value.canonicalText == "[true,1,0,false]")
    }

    @Test func accessors() {
        let value: JSONValue = ["i": 3, "d": 3.0, "h": 2.5, "s": "x", "l": [1], "b": true, "n": nil]
        #expect(value["i"]?.intValue == 3)
        #expect(value["d"]?.intValue == 3)
        #expect(value["h"]?.intValue == nil)
        #expect(value["i"]?.doubleValue == 3)
        #expect(JSONValue.number(1e300).intValue == nil)
        #expect(value["s"]?.stringValue == "x")
        #expect(value["l"]?.arrayValue == [1])
        #expect(value["b"]?.boolValue == true)
        #expect(value["x"] == nil)
        #expect(value["s"]?["x"] == nil)
        let names = ["i", "h", "s", "l", "b", "n"].map { value[$0]?.kindName }
        #expect(names == ["a number", "a number", "a string", "a list", "a boolean", "null"])
        #expect(value.kindName == "an object")
    }
}
