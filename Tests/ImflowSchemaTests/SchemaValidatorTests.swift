import Testing

@testable import ImflowJSON
@testable import ImflowSchema

@Suite struct SchemaValidatorTests {
    private func json(_ text: String) throws -> JSONValue { try JSONValue.parse(text) }

    @Test func violationsNamePlacesAndSayWhatIsWanted() throws {
        let schema = try json(
            """
            {"type": "array", "items": {"required": ["box"], "additionalProperties": false,
              "properties": {"box": {"items": {"$ref": "#/definitions/n"}, "minItems": 2}, "a/b": {"type": "string"}}},
              "definitions": {"n": {"type": "integer", "maximum": 9}}}
            """)
        let validator = try SchemaValidator(schema)
        #expect(validator.validate(try json(#"[{"box": [1, 2], "a/b": ""}]"#)).isEmpty)
        let found = validator.validate(try json(#"[{"box": [10, 1.5]}, {"a/b": 1}, {"box": [1], "c": 0}, 7]"#))
        #expect(
            found.map(\.description) == [
                "`/0/box/0`: it is 10, and must be at most 9 (`/definitions/n/maximum`)",
                "`/0/box/1`: it is a number with a fraction, and must be an integer (`/definitions/n/type`)",
                "`/1`: it lacks the member `box` (`/items/required`)",
                "`/1/a~1b`: it is a number, and must be a string (`/items/properties/a~1b/type`)",
                "`/2/box`: it has 1 items, and must have at least 2 (`/items/properties/box/minItems`)",
                "`/2`: it has the member `c`, which is not allowed here (`/items/additionalProperties`)",
            ])
    }

    @Test func violationsAreBounded() throws {
        let validator = try SchemaValidator(["items": ["type": "string"]])
        let found = validator.validate(.array(Array(repeating: 1, count: 1000)))
        #expect(found.count == SchemaValidator.maximumViolations)
    }

    static let invalid: [(String, String, String)] = [
        (##"{"type": "text"}"##, "/type", "null, boolean"), (##"{"properties": {"a": 1}}"##, "/properties/a", "a number"),
        (##"{"definitions": {"x": {"minItems": -1}}}"##, "/definitions/x/minItems", "0 or more"),
        (##"{"$ref": "#/definitions/x"}"##, "/$ref", "leads to nothing"), (##"{"$ref": "#"}"##, "/$ref", "to itself"),
        (##"{"items": {"$ref": "http://other.example/s.json"}}"##, "/items/$ref", "not fetched"),
        (##"{"$ref": "other.json"}"##, "/$ref", "not fetched"), (##"{"$ref": "#nowhere"}"##, "/$ref", "no `$id`"),
        (##"{"patternProperties": {"(a)\\1": {}}}"##, "/patternProperties/(a)\\1", "back-reference"),
        (##"{"allOf": []}"##, "/allOf", "at least one"), (##"{"required": ["a", 1]}"##, "/required", "names"),
        (##"{"multipleOf": 0}"##, "/multipleOf", "over 0"), (##"{"not": "x"}"##, "/not", "an object or a boolean"),
        (##"{"enum": 1}"##, "/enum", "a list"), (##"{"$id": 5}"##, "/$id", "a string"), ("7", "", "an object or a boolean"),
        (##"{"definitions": {"a": {"$id": "#x"}, "b": {"$id": "#x"}}}"##, "/definitions", "another schema"),
        (##"{"$ref": "#/definitions/a%GG"}"##, "/$ref", "JSON pointer"), (##"{"minimum": "1"}"##, "/minimum", "a number"),
        (##"{"properties": {"a": {"$ref": 1}}}"##, "/properties/a/$ref", "a string"),
    ]

    @Test(arguments: invalid)
    func invalidSchemasAreRefused(_ text: String, _ pointer: String, _ part: String) throws {
        let schema = try json(text)
        let problem = #expect(throws: SchemaProblem.self) { try SchemaValidator(schema) }
        #expect(problem?.pointer.hasPrefix(pointer) == true && problem?.sentence.contains(part) == true, "\(problem!)")
    }

    /// An endless schema, an exponential one and a deep value end in one violation that says so.
    @Test func workAndDepthAreBounded() async throws {
        // In a task: its stack is that of the threads that check results.
        try await Task.detached {
            let endless = try SchemaValidator(["allOf": [["$ref": "#"]]]).validate(1)
            #expect(endless.count == 1 && endless[0].sentence.contains("without end"))
            var deep: JSONValue = 1
            for _ in 0..<500 { deep = [deep] }
            let tree = try SchemaValidator(["items": ["$ref": "#"]]).validate(deep)
            #expect(tree.count == 1 && tree[0].sentence.contains("deeper"))
            let widely = try SchemaValidator(["not": ["items": ["anyOf": [["$ref": "#"], ["$ref": "#"]]]]]).validate(deep)
            #expect(widely.count == 1)
        }.value
    }

    @Test func exponentialSchemasEnd() throws {
        var definitions: JSONObject = ["d0": ["type": "string"]]
        for level in 1...40 {
            let reference: JSONValue = ["$ref": .string("#/definitions/d\(level - 1)")]
            definitions["d\(level)"] = ["anyOf": [reference, reference]]
        }
        let validator = try SchemaValidator(["definitions": .object(definitions), "$ref": "#/definitions/d40"])
        #expect(validator.validate("a").isEmpty)
        let found = validator.validate(1, workLimit: 10_000)
        #expect(found.count == 1 && found[0].sentence.contains("more than 10000 steps"))
    }

    @Test(arguments: [
        ("9007199254740993", "9007199254740992", 1), ("9223372036854775807", "9223372036854775808.0", -1),
        ("-9223372036854775808", "-9.3e18", 1), ("3", "3.5", -1), ("-3", "-3.5", 1), ("2", "2.0", 0), ("0.1", "1", -1),
    ])
    func numbersAreComparedExactly(_ left: String, _ right: String, _ order: Int) throws {
        #expect(ExactNumber.order(try json(left), try json(right)) == order)
        #expect(ExactNumber.order(try json(right), try json(left)) == -order)
    }

    @Test(arguments: [
        ("0.3", "0.1", true), ("1e308", "0.5", true), ("1e-300", "3", false), ("0", "7", true), ("-4.5", "1.5", true),
        ("-9223372036854775808", "2", true), ("10", "1e-308", true), ("1e3", "1e4", false), ("12", "5e-324", true),
    ])
    func multiplesAreExact(_ value: String, _ divisor: String, _ expected: Bool) throws {
        #expect(ExactNumber.isMultiple(try json(value), of: try json(divisor)) == expected)
    }
}
