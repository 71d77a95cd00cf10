import ImflowJSON

/// A compiled schema: nodes that name each other by index; the first is the root.
struct SchemaProgram: Sendable {
    var nodes: [SchemaNode] = []
}

struct SchemaNode: Sendable {
    /// Where the schema stands; see ``SchemaViolation/schemaPointer``.
    var pointer: String
    var rule: Rule

    enum Rule: Sendable {
        case everything
        case nothing
        case reference(Int)
        case assertions([SchemaAssertion])
    }
}

/// What one keyword, or a few that belong together, ask of a value.
struct SchemaAssertion: Sendable {
    /// The keyword that violations name.
    var keyword: String
    var kind: Kind

    enum Kind: Sendable {
        case types([SchemaType])
        case oneOfValues([JSONValue])
        case value(JSONValue)
        case multiple(JSONValue)
        case maximum(JSONValue, exclusive: Bool)
        case minimum(JSONValue, exclusive: Bool)
        case maximumLength(Int)
        case minimumLength(Int)
        case pattern(Pattern)
        case items(Int)
        case tuple([Int], additional: Int?)
        case contains(Int)
        case maximumItems(Int)
        case minimumItems(Int)
        case uniqueItems
        case maximumMembers(Int)
        case minimumMembers(Int)
        case required([String])
        case members(MemberRules)
        case names(Int)
        case dependencies([(name: String, Dependency)])
        case all([Int])
        case any([Int])
        case one([Int])
        case not(Int)
        case condition(if: Int, then: Int?, else: Int?)
    }

    enum Dependency: Sendable {
        case names([String])
        case schema(Int)
    }
}

/// `properties`, `patternProperties` and `additionalProperties` of one schema: the last depends on the others.
struct MemberRules: Sendable {
    var named: [String: Int] = [:]
    var patterns: [(pattern: Pattern, schema: Int)] = []
    var additional: Int?
}

/// The names that `type` may have.
package enum SchemaType: String, Sendable {
    case null, boolean, integer, number, string, array, object

    func includes(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.null, .null), (.boolean, .bool), (.integer, .int), (.number, .int), (.number, .number),
            (.string, .string), (.array, .array), (.object, .object):
            true
        case (.integer, .number(let number)): number == number.rounded(.towardZero)
        default: false
        }
    }

    /// What a message calls it.
    var phrase: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
