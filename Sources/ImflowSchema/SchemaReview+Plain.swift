package import ImflowJSON

extension SchemaReview {
    /// Levels that are looked at; deeper schemas are not called plain.
    private static let plainDepth = 32

    /// Whether every part of a schema states one type and has, beside what is for people, only keywords of that type
    /// with values they take, so that a review would find nothing. Most schemas are so, and seeing it costs a fraction of
    /// a review. False: only a review tells.
    package static func isPlain(_ schema: JSONValue) -> Bool { isPlain(schema, depth: 0) }

    private static func isPlain(_ schema: JSONValue, depth: Int) -> Bool {
        guard depth < plainDepth, case .object(let members) = schema, case .string(let name)? = members["type"],
            let type = SchemaType(rawValue: name)
        else { return false }
        for (name, value) in members where !isPlain(name, value, type, depth) { return false }
        return true
    }

    private static func isPlain(_ keyword: String, _ value: JSONValue, _ type: SchemaType, _ depth: Int) -> Bool {
        switch keyword {
        case "type": true
        case "title", "description", "$comment": value.stringValue != nil
        case "format", "minLength", "maxLength":
            type == .string && (keyword == "format" ? value.stringValue != nil : isCount(value))
        case "minimum", "maximum": (type == .number || type == .integer) && value.doubleValue != nil
        case "minItems", "maxItems": type == .array && isCount(value)
        case "items": type == .array && isPlain(value, depth: depth + 1)
        case "additionalProperties": type == .object && value.boolValue != nil
        case "required": type == .object && isNames(value)
        case "properties": type == .object && arePlain(value, depth)
        default: false
        }
    }

    private static func isCount(_ value: JSONValue) -> Bool { value.intValue.map { $0 >= 0 } ?? false }

    private static func isNames(_ value: JSONValue) -> Bool {
        guard case .array(let items) = value else { return false }
        return items.allSatisfy { $0.stringValue != nil }
    }

    private static func arePlain(_ value: JSONValue, _ depth: Int) -> Bool {
        guard case .object(let members) = value else { return false }
        return members.values.allSatisfy { isPlain($0, depth: depth + 1) }
    }
}
