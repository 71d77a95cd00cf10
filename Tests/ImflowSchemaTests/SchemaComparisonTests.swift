import Testing

@testable import ImflowJSON
@testable import ImflowSchema

@Suite struct SchemaComparisonTests {
    private func conflict(_ given: JSONValue, _ taken: JSONValue) throws -> SchemaConflict? {
        SchemaComparison.conflict(
            given: .schema(SchemaPart(try SchemaValidator(given), .given, source: 1)),
            taken: .schema(SchemaPart(try SchemaValidator(taken), .taken, source: 0)))
    }

    /// Given, taken, where in the value, the two phrases.
    static let conflicts: [(String, String, String, String, String)] = [
        (#"{"type": "string"}"#, #"{"type": "array"}"#, "", "a string", "a list"),
        (#"{"type": ["string", "null"]}"#, #"{"type": ["integer"]}"#, "", "a string or null", "an integer"),
        (#"{"type": "integer", "minimum": 3}"#, #"{"type": "number", "maximum": 2}"#, "", "a number of at least 3",
            "a number of at most 2"),
        (#"{"type": "number", "minimum": 3}"#, #"{"type": "number", "exclusiveMaximum": 3}"#, "",
            "a number of at least 3", "a number under 3"),
        (#"{"type": "integer"}"#, #"{"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 2}"#, "",
            "an integer", "a number over 1"),
        (#"{"enum": ["a", "b"]}"#, #"{"enum": ["c"]}"#, "", "one of `\"a\"`, `\"b\"`", "`\"c\"`"),
        (#"{"const": 1.5}"#, #"{"type": "integer"}"#, "", "`1.5`", "an integer"),
        (#"{"const": "abc"}"#, #"{"type": "string", "pattern": "^x"}"#, "", "`\"abc\"`",
            "only what its schema allows: it does not match the pattern `^x`"),
        (#"{"type": "string", "maxLength": 2}"#, #"{"type": "string", "minLength": 3}"#, "",
            "a string of at most 2 characters", "a string of at least 3 characters"),
        (#"{"type": "object", "additionalProperties": false, "properties": {"a": {}}}"#,
            #"{"type": "object", "required": ["b"]}"#, "", "an object without `b`", "an object with `b`"),
        (#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}"#,
            #"{"properties": {"a": {"type": "integer"}}}"#, "/a", "a string", "an integer"),
        (#"{"type": "object", "required": ["a"]}"#, #"{"type": "object", "propertyNames": {"maxLength": 0}}"#, "",
            "an object with `a`", "an object without `a`"),
        (#"{"type": "array", "items": {"type": "string"}}"#,
            #"{"type": "array", "minItems": 1, "items": {"type": "object"}}"#, "/0", "a string", "an object"),
        (#"{"type": "array", "items": [{"type": "string"}], "minItems": 1}"#, #"{"items": {"type": "number"}}"#, "/0",
            "a string", "a number"),
        (#"{"type": "array", "contains": {"type": "string"}}"#, #"{"type": "array", "items": {"type": "number"}}"#,
            "/0", "a string", "a number"),
        (#"{"type": "array", "maxItems": 1}"#, #"{"type": "array", "minItems": 2}"#, "", "a list of at most 1 item",
            "a list of at least 2 items"),
        (##"{"$ref": "#/definitions/a", "definitions": {"a": {"allOf": [{"type": "string"}]}}}"##,
            #"{"anyOf": [{"type": "number"}, {"type": "array"}]}"#, "", "a string", "a number or a list"),
        (#"{"oneOf": [{"type": "object", "required": ["a"]}, {"type": "string"}]}"#,
            #"{"type": "object", "properties": {"a": false}}"#, "", "an object with `a`", "an object without `a`"),
        (#"{"type": "string"}"#, #"{"not": {"type": ["string", "null"]}}"#, "", "a string",
            "a number, a boolean, a list or an object"),
        (#"{"type": "integer"}"#, #"{"if": {"type": "string"}, "then": true, "else": {"type": "null"}}"#, "",
            "an integer", "a string or null"),
        (#"{"type": "string"}"#, "false", "", "a string", "nothing"),
        (#"{"type": "object", "minProperties": 3}"#, #"{"type": "object", "maxProperties": 2}"#, "",
            "an object of at least 3 members", "an object of at most 2 members"),
        (#"{"type": "object", "required": ["a", "b"]}"#, #"{"type": "object", "maxProperties": 1}"#, "",
            "an object of at least 2 members", "an object of at most 1 member"),
    ]

    @Test(arguments: conflicts)
    func trueConflictsAreFound(
        _ given: String, _ taken: String, _ place: String, _ givenPhrase: String, _ takenPhrase: String
    ) throws {
        let (given, taken) = (try JSONValue.parse(given), try JSONValue.parse(taken))
        let found = try #require(try conflict(given, taken))
        #expect(found.path.map { "/" + $0 }.joined() == place)
        #expect(found.given.phrase == givenPhrase)
        #expect(found.taken.phrase == takenPhrase)
        #expect(found.given.source == 1 && found.taken.source == 0)
        #expect(try conflict(taken, given) != nil)
    }

    @Test func claimsNameTheKeyword() throws {
        let found = try #require(
            try conflict(
                ["properties": ["a": ["type": "string"]], "required": ["a"], "type": "object"],
                ["properties": ["a": ["$ref": "#/definitions/n"]], "definitions": ["n": ["type": "integer"]]]))
        #expect(found.given.pointer == "/properties/a/type")
        #expect(found.taken.pointer == "/definitions/n/type")
    }

    static let compatible: [(String, String)] = [
        (#"{"type": "integer"}"#, #"{"type": "number"}"#), (#"{"type": "number"}"#, #"{"type": "integer"}"#),
        (#"{"type": "array", "items": {"type": "string"}}"#, #"{"type": "array", "items": {"type": "number"}}"#),
        (#"{"properties": {"a": {"type": "string"}}}"#, #"{"properties": {"a": {"type": "number"}}}"#),
        (#"{"const": 1.0}"#, #"{"type": "integer"}"#), (#"{"const": 1}"#, #"{"const": 1.0}"#),
        (#"{"minimum": 5}"#, #"{"maximum": 2}"#), (#"{"minLength": 5}"#, #"{"type": "number"}"#),
        (#"{"type": "number", "minimum": 2}"#, #"{"type": "integer", "maximum": 2}"#), ("true", "{}"),
        (#"{"type": "string", "pattern": "^a"}"#, #"{"type": "string", "pattern": "^b"}"#),
        (##"{"properties": {"next": {"$ref": "#"}}, "required": ["next"], "type": "object"}"##,
            ##"{"properties": {"next": {"$ref": "#"}}, "required": ["next"], "type": "object"}"##),
        (##"{"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"anyOf": [{"$ref": "#"}, {}]}}}"##, "{}"),
    ]

    @Test(arguments: compatible) func whatMayFitIsLeftAlone(_ given: String, _ taken: String) throws {
        #expect(try conflict(try JSONValue.parse(given), try JSONValue.parse(taken)) == nil)
    }

    /// Whatever satisfies both schemas proves that they are not disjoint. Instances are tried where a conflict is claimed.
    @Test(arguments: 0..<20 as Range<UInt64>) func neverDisjointWhereOneInstanceFitsBoth(_ seed: UInt64) throws {
        var random = RandomSchemas(seed: seed)
        var claims = 0
        for _ in 0..<800 {
            let kind = random.below(6)
            let given = try SchemaValidator(random.document(of: kind))
            let taken = try SchemaValidator(random.document(of: kind))
            let (left, right) = (
                SchemaPart(given, .given, source: 1, isStaged: random.chance(0.3)),
                SchemaPart(taken, .taken, source: 0)
            )
            guard let found = SchemaComparison.conflict(given: .schema(left), taken: .schema(right)) else { continue }
            claims += 1
            for _ in 0..<40 {
                let value = random.value(of: random.chance(0.8) ? kind : random.below(6), depth: 2)
                guard given.validate(value).isEmpty, taken.validate(value).isEmpty else { continue }
                Issue.record("\(value.text) fits both, seed \(seed): \(found)")
            }
        }
        #expect(claims > 50)
    }

    /// What may be a member, an item or a kind is a superset of what is.
    @Test(arguments: 100..<120 as Range<UInt64>) func partsHoldWhatValuesHave(_ seed: UInt64) throws {
        var random = RandomSchemas(seed: seed)
        for _ in 0..<200 {
            let validator = try SchemaValidator(random.document(of: random.below(6)))
            let set = ValueSet.schema(SchemaPart(validator, .given, source: 1))
            let (a, items) = (set.member("a"), set.items)
            for _ in 0..<20 {
                let value = random.value(of: random.below(6), depth: 3)
                guard validator.validate(value).isEmpty else { continue }
                #expect(!set.excludes(value))
                #expect(set.kinds.contains(ValueKinds(of: value)))
                for item in value.arrayValue ?? [] { #expect(!items.excludes(item)) }
                if let member = value["a"] {
                    #expect(a?.values.excludes(member) == false)
                } else {
                    #expect(a?.isSure != true)
                }
            }
        }
    }

    @Test func hostileSchemasEnd() throws {
        var definitions: JSONObject = ["d0": ["type": "string"]]
        for level in 1...60 {
            let reference: JSONValue = ["$ref": .string("#/definitions/d\(level - 1)")]
            definitions["d\(level)"] = ["anyOf": [reference, reference, reference], "allOf": [reference, reference]]
        }
        let given: JSONValue = ["definitions": .object(definitions), "$ref": "#/definitions/d60"]
        _ = try conflict(given, given)
        _ = try conflict(given, ["type": "number"])
        let names = JSONValue.array((0..<5000).map { .string("n\($0)") })
        _ = try conflict(["required": names, "type": "object"], ["required": names, "maxProperties": 3])
    }
}

/// Small schemas and values that meet often.
struct RandomSchemas {
    private var generator: UInt64

    init(seed: UInt64) { generator = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    private mutating func next() -> UInt64 {
        generator &+= 0x9E37_79B9_7F4A_7C15
        var z = generator
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ share: Double) -> Bool { Double(next() % 1000) < share * 1000 }
    private mutating func one<T>(of list: [T]) -> T { list[below(list.count)] }

    /// A value of the kind of that number: null, boolean, number, string, list, object.
    mutating func value(of kind: Int, depth: Int) -> JSONValue {
        switch kind {
        case 0: return .null
        case 1: return .bool(chance(0.5))
        case 2: return chance(0.5) ? .int(Int64(below(5) - 1)) : .number(one(of: [0.5, 1.0, 1.5, 2.0, -0.5]))
        case 3: return .string(one(of: ["", "a", "ab", "b", "file:///x"]))
        case 4: return .array((0..<below(3)).map { _ in value(of: below(depth > 0 ? 6 : 4), depth: depth - 1) })
        default:
            var members = JSONObject()
            for name in ["a", "b"] where chance(0.6) {
                members[name] = value(of: below(depth > 0 ? 6 : 4), depth: depth - 1)
            }
            return .object(members)
        }
    }

    /// A schema mostly about one kind, with a definition that may be referred to anywhere in it.
    mutating func document(of kind: Int) -> JSONValue {
        guard case .object(var members) = schema(of: kind, depth: 2) else { return .bool(chance(0.9)) }
        members["definitions"] = ["d": schema(of: kind, depth: 1)]
        return .object(members)
    }

    private static let types: [[JSONValue]] = [
        ["null"], ["boolean"], ["number", "integer"], ["string"], ["array"], ["object"],
    ]

    private mutating func schema(of kind: Int, depth: Int) -> JSONValue {
        if chance(0.04) { return .bool(chance(0.7)) }
        var members = JSONObject()
        if chance(0.7) { members["type"] = one(of: Self.types[kind]) }
        if chance(0.1) { members["type"] = [one(of: Self.types[kind]), one(of: Self.types[below(6)])] }
        for _ in 0..<below(kind < 4 ? 3 : 4) { addKeyword(of: kind, to: &members, depth: depth) }
        if depth > 0, chance(0.3) { addCombination(of: kind, to: &members, depth: depth) }
        if chance(0.1) { members["allOf"] = [["$ref": "#/definitions/d"]] }
        return .object(members)
    }

    private mutating func addKeyword(of kind: Int, to members: inout JSONObject, depth: Int) {
        let count = JSONValue.int(Int64(below(3)))
        if chance(0.12) {
            members["enum"] = .array((0...below(2)).map { _ in value(of: chance(0.8) ? kind : below(6), depth: 1) })
            return
        }
        if chance(0.06) { members["const"] = value(of: kind, depth: 1) }
        let inner = depth > 0 ? schema(of: below(6), depth: depth - 1) : true
        switch kind {
        case 2:
            let number: JSONValue = chance(0.5) ? .int(Int64(below(4))) : .number(one(of: [0.5, 1.0, 1.5]))
            members[one(of: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])] = number
        case 3: members[one(of: ["minLength", "maxLength"])] = count
        case 4:
            let tuple = JSONValue.array([inner])
            switch below(6) {
            case 0: members[one(of: ["minItems", "maxItems"])] = count
            case 1, 2: members["items"] = chance(0.7) ? inner : tuple
            case 3: members["contains"] = inner
            case 4: members["minItems"] = 1
            default: members["additionalItems"] = inner
            }
        case 5:
            switch below(7) {
            case 0: members[one(of: ["minProperties", "maxProperties"])] = count
            case 1, 2: members["required"] = .array([one(of: ["a", "b"])])
            case 3: members["properties"] = ["a": inner]
            case 4: members["patternProperties"] = ["[ab]": inner]
            case 5: members["additionalProperties"] = chance(0.5) ? false : inner
            default: members["propertyNames"] = chance(0.5) ? ["maxLength": 0] : ["enum": ["a"]]
            }
        default: break
        }
    }

    private mutating func addCombination(of kind: Int, to members: inout JSONObject, depth: Int) {
        let other = schema(of: chance(0.7) ? kind : below(6), depth: depth - 1)
        switch below(4) {
        case 0, 1:
            members[one(of: ["allOf", "anyOf", "oneOf"])] = .array([other, schema(of: kind, depth: depth - 1)])
        case 2: members["not"] = chance(0.5) ? ["type": one(of: Self.types[kind])] : other
        default:
            members["if"] = other
            members["then"] = schema(of: kind, depth: depth - 1)
            if chance(0.6) { members["else"] = schema(of: kind, depth: depth - 1) }
        }
    }
}
