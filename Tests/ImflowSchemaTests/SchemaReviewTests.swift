import Testing

@testable import ImflowJSON
@testable import ImflowSchema

@Suite struct SchemaReviewTests {
    private func review(_ text: String) throws -> SchemaReview { SchemaReview(try JSONValue.parse(text)) }

    @Test func everyProblemIsFoundAtItsPlace() throws {
        let found = try review(
            ##"""
            {"type": ["string", "text", null], "properties": {"a": {"minLength": -1, "pattern": "("},
              "b": {"required": ["x", 1]}, "c": 5, "d": {"$ref": "#/definitions/none"}, "e": {"title": 1},
              "f": {"$ref": "#/properties/g"}, "g": {"$ref": "#/properties/f"}},
              "patternProperties": {"(": {}}, "definitions": {"x": {"dependencies": {"p": [2]}}}}
            """##)
        #expect(found.validator == nil)
        let places = found.problems.map { ($0.isName ? "name of " : "") + $0.pointer }.sorted()
        #expect(
            places == [
                "/definitions/x/dependencies/p/0", "/properties/a/minLength", "/properties/a/pattern",
                "/properties/b/required/1", "/properties/c", "/properties/d/$ref", "/properties/e/title",
                "/properties/f/$ref", "/properties/g/$ref", "/type/1", "/type/2", "name of /patternProperties/(",
            ])
    }

    @Test func oneMistakeIsOneMessage() throws {
        let found = try review(#"{"type": "string", "required": true, "minimum": "1"}"#)
        #expect(found.problems.map(\.pointer).sorted() == ["/minimum", "/required"] && found.remarks.isEmpty)
    }

    @Test func aBareNullIsExplained() throws {
        #expect(try review(#"{"type": ["string", null]}"#).problems.map(\.sentence) == [
            "`type` must be the name \"null\" in quotes, not null itself"
        ])
    }

    static let remarks: [(String, String, SchemaRemark.Kind)] = [
        (#"{"type": "integer", "minLength": 2}"#, "/minLength", .withoutEffect),
        (#"{"properties": {"a": {"type": ["null", "string"], "items": {}}}}"#, "/properties/a/items", .withoutEffect),
        (##"{"definitions": {"a": {}}, "$ref": "#/definitions/a", "minimum": 3}"##, "/minimum", .withoutEffect),
        (#"{"then": {}}"#, "/then", .withoutEffect), (#"{"if": {}}"#, "/if", .withoutEffect),
        (#"{"items": {}, "additionalItems": false}"#, "/additionalItems", .withoutEffect),
        (#"{"$schema": "https://json-schema.org/draft/2020-12/schema"}"#, "/$schema", .withoutEffect),
        (#"{"type": "integer", "default": 1.5}"#, "/default", .mismatch),
        (#"{"enum": ["a", "b"], "default": "c"}"#, "/default", .mismatch),
        (#"{"type": "string", "enum": ["a", 1]}"#, "/enum/1", .mismatch),
        (#"{"maxLength": 1, "const": "ab"}"#, "/const", .mismatch),
        (#"{"not": {"minimum": 3, "examples": [4, 2]}}"#, "/not/examples/1", .mismatch),
    ]

    @Test(arguments: remarks) func remarksAreMade(_ text: String, _ pointer: String, _ kind: SchemaRemark.Kind) throws {
        let found = try review(text)
        #expect(found.problems.isEmpty)
        #expect(found.remarks.map(\.pointer) == [pointer], "\(found.remarks)")
        #expect(found.remarks.map(\.kind) == [kind])
    }

    @Test func unknownKeywordsComeWithThoseThatTakeSuchAValue() throws {
        let found = try review(#"{"requierd": ["a"], "x-own": 1, "example": 2, "nullable": true}"#)
        guard case .unknownKeyword(let name, let known) = found.remarks.first?.kind else {
            Issue.record("\(found.remarks)")
            return
        }
        #expect(name == "requierd" && known.contains("required") && !known.contains("minimum"))
    }

    @Test(arguments: [
        #"{"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "default": "x"}}}"#,
        ##"{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "http://json-schema.org/draft-07/schema#"}"##,
        ##"{"definitions": {"a": {"default": 1}}, "title": "x", "$ref": "#/definitions/a", "description": "y"}"##,
        #"{"type": "number", "default": 1, "examples": [1.5, 2]}"#, "true", "false", "{}",
        #"{"type": "integer", "minimum": 1, "default": 3.0}"#, #"{"if": {"type": "string"}, "else": {"minimum": 1}}"#,
    ])
    func soundSchemasDrawNothing(_ text: String) throws {
        let found = try review(text)
        #expect(found.problems.isEmpty && found.remarks.isEmpty && found.validator != nil, "\(found)")
    }

    @Test func findingsAreBounded() throws {
        let many = (0..<500).map { #""a\#($0)": {"type": "integer", "minLength": 1}"# }.joined(separator: ",")
        #expect(try review("{\"properties\": {\(many)}}").remarks.count == SchemaReview.maximumRemarks)
        let broken = (0..<500).map { #""a\#($0)": 1"# }.joined(separator: ",")
        #expect(try review("{\"properties\": {\(broken)}}").problems.count == 50)
        let values = (0..<100_000).map(String.init).joined(separator: ",")
        #expect(try review("{\"enum\": [\(values)], \"default\": 5}").remarks.isEmpty)
    }
}

/// What is called plain has nothing that a review would find.
@Suite struct PlainSchemaTests {
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let types = ["null", "boolean", "integer", "number", "string", "array", "object"]

    private static func schema(_ dice: inout Dice, depth: Int) -> JSONValue {
        let type = types.randomElement(using: &dice) ?? "object"
        var members: JSONObject = ["type": .string(type)]
        let own: [String] =
            switch type {
            case "string": ["format", "minLength", "maxLength"]
            case "number", "integer": ["minimum", "maximum"]
            case "array": ["items", "minItems", "maxItems"]
            case "object": ["properties", "required", "additionalProperties"]
            default: []
            }
        let others = ["title", "description", "$comment"]
        let odd = ["enum", "default", "if", "descriptio", "additionalItems", "$ref", "minItems", "minimum", "format", "required"]
        for _ in 0..<Int.random(in: 0...4, using: &dice) {
            let isOdd = Int.random(in: 0..<25, using: &dice) == 0
            guard let name = (isOdd ? odd : own + others).randomElement(using: &dice) else { continue }
            members[name] = value(of: name, &dice, depth: depth)
        }
        return Int.random(in: 0..<40, using: &dice) == 0 ? true : .object(members)
    }

    private static func value(of name: String, _ dice: inout Dice, depth: Int) -> JSONValue {
        if Int.random(in: 0..<25, using: &dice) == 0 { return [-1, 1.5, "x", true, nil, [1], [:]].randomElement(using: &dice) ?? nil }
        switch name {
        case "items", "if": return depth > 3 ? ["type": "string"] : schema(&dice, depth: depth + 1)
        case "properties":
            return .object(JSONObject(["a", "b"].map { ($0, depth > 3 ? ["type": "null"] : schema(&dice, depth: depth + 1)) }) { $1 })
        case "required": return ["a", "b"]
        case "enum": return [1, "x"]
        case "additionalProperties": return true
        case "$ref": return "#"
        default: return ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"].contains(name) ? 3 : "text"
        }
    }

    @Test func hasNothingToSay() {
        var dice = Dice(state: 5)
        var plain = 0
        for _ in 0..<5000 {
            let schema = Self.schema(&dice, depth: 0)
            guard SchemaReview.isPlain(schema) else { continue }
            plain += 1
            let review = SchemaReview(schema)
            #expect(review.problems.isEmpty && review.remarks.isEmpty, "\(schema.text)")
        }
        #expect(plain > 1500 && plain < 4900, "\(plain)")
    }

    @Test(arguments: [
        #"{"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string", "maxLength": 3}}}}"#,
        #"{"type": "number", "minimum": 0, "description": "x"}"#,
    ]) func commonSchemasArePlain(_ text: String) throws { #expect(SchemaReview.isPlain(try JSONValue.parse(text))) }

    @Test(arguments: [
        #"true"#, #"{}"#, #"{"type": ["string"]}"#, #"{"type": "text"}"#, #"{"type": "string", "minimum": 1}"#,
        #"{"type": "string", "minLength": 1.5}"#, #"{"type": "object", "properties": {"a": {}}}"#,
        #"{"type": "object", "propertes": {}}"#, #"{"type": "string", "default": 1}"#,
    ]) func othersAreNot(_ text: String) throws { #expect(!SchemaReview.isPlain(try JSONValue.parse(text))) }
}
