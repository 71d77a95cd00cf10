package import ImflowJSON

/// A subschema of a compiled schema, as one side of a comparison has it.
package struct SchemaPart: Sendable {
    /// Whose schema it is.
    package enum Side: Sendable { case given, taken }

    let validator: SchemaValidator
    let node: Int
    let side: Side
    /// Which schema it is, for the caller of the comparison.
    let source: Int
    /// Whether strings that name files may be replaced on the way from here to there.
    let isStaged: Bool

    /// The whole of `validator`'s schema.
    package init(_ validator: SchemaValidator, _ side: Side, source: Int, isStaged: Bool = false) {
        self.init(validator, node: 0, side, source: source, isStaged: isStaged)
    }

    private init(_ validator: SchemaValidator, node: Int, _ side: Side, source: Int, isStaged: Bool) {
        self.validator = validator
        self.node = node
        self.side = side
        self.source = source
        self.isStaged = isStaged
    }

    /// Another subschema of the same schema.
    func at(_ node: Int) -> SchemaPart {
        SchemaPart(validator, node: node, side, source: source, isStaged: isStaged)
    }

    var rule: SchemaNode.Rule {
        let rule = validator.program.nodes[node].rule
        // References were shortened: one step is the last.
        if case .reference(let target) = rule { return validator.program.nodes[target].rule }
        return rule
    }

    /// Where it stands, with references followed.
    var pointer: String {
        if case .reference(let target) = validator.program.nodes[node].rule {
            return validator.program.nodes[target].pointer
        }
        return validator.program.nodes[node].pointer
    }
}

/// A set of JSON values, or at least one that holds all of them: what may come out of a stage, or go into one.
package indirect enum ValueSet: Sendable {
    case anything
    case schema(SchemaPart)
    case value(JSONValue)
    case kind(SchemaType)
    /// Values of these kinds, as the one who takes them asks.
    case wanted(SchemaType, source: Int)
    /// Lists of so many such items; nil: of any number.
    case list(ValueSet, minimum: Int = 0, maximum: Int? = nil)
    /// Objects with these members, and no others when `isClosed`.
    case object([String: Member], isClosed: Bool)
    /// What is in one of these.
    case union([ValueSet])
    /// What is in all of these.
    case all([ValueSet])
    /// The set, as the source of that number gives it: claims that no schema makes name it.
    case given(ValueSet, source: Int)

    /// What a member of an object may be.
    package struct Member: Sendable {
        package var values: ValueSet
        /// Whether the object surely has it.
        package var isSure: Bool

        package init(_ values: ValueSet, isSure: Bool) {
            self.values = values
            self.isSure = isSure
        }
    }

    /// One of `sets`; anything when one of them may be anything.
    package static func either(_ sets: [ValueSet]) -> ValueSet {
        var parts: [ValueSet] = []
        for set in sets {
            switch set {
            case .anything: return .anything
            case .union(let inner): parts += inner
            default: parts.append(set)
            }
        }
        return parts.count == 1 ? parts[0] : .union(parts)
    }

    /// What is in all of `sets`.
    static func every(_ sets: [ValueSet]) -> ValueSet {
        sets.isEmpty ? .anything : sets.count == 1 ? sets[0] : .all(sets)
    }

    /// The same set, named by `source` where it is not named yet.
    func given(by source: Int?) -> ValueSet {
        guard let source else { return self }
        switch self {
        case .anything, .schema, .given: return self
        default: return .given(self, source: source)
        }
    }
}

/// Kinds of JSON values.
package struct ValueKinds: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let null = ValueKinds(rawValue: 1)
    package static let boolean = ValueKinds(rawValue: 2)
    package static let number = ValueKinds(rawValue: 4)
    package static let string = ValueKinds(rawValue: 8)
    package static let array = ValueKinds(rawValue: 16)
    package static let object = ValueKinds(rawValue: 32)
    package static let all = ValueKinds(rawValue: 63)

    init(_ type: SchemaType) {
        self =
            switch type {
            case .null: .null
            case .boolean: .boolean
            case .integer, .number: .number
            case .string: .string
            case .array: .array
            case .object: .object
            }
    }

    /// The kind of one value.
    package init(of value: JSONValue) {
        self =
            switch value {
            case .null: .null
            case .bool: .boolean
            case .int, .number: .number
            case .string: .string
            case .array: .array
            case .object: .object
            }
    }

    private static let phrases: [(ValueKinds, String)] = [
        (.string, "a string"), (.number, "a number"), (.boolean, "a boolean"), (.array, "a list"),
        (.object, "an object"), (.null, "null"),
    ]

    /// What a message calls a value of these kinds.
    func phrase(isInteger: Bool) -> String {
        if self == .all { return "any value" }
        let words = Self.phrases.filter { contains($0.0) }.map { isInteger && $0.0 == .number ? "an integer" : $0.1 }
        guard let last = words.last, words.count > 1 else { return words.first ?? "nothing" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }
}
