package import OrderedCollections

/// A JSON value (RFC 8259). Members keep the order in which they were written; equality and
/// canonical bytes do not depend on it.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// An integer literal that fits 64 bits, kept exactly.
    case int(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// An object's members in the order in which they were written. Names that differ only in Unicode normalization are
/// one name here, so the reader refuses an object that has both.
package typealias JSONObject = OrderedDictionary<String, JSONValue>

/// Named values in the order in which they came, by names as ``JSONObject`` has them.
package typealias JSONMembers<Value> = OrderedDictionary<String, Value>

extension JSONValue {
    /// The text of a string; nil for other kinds.
    package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    /// The items of a list; nil for other kinds.
    package var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The members of an object; nil for other kinds.
    package var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// The truth of a boolean; nil for other kinds.
    package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The value as an integer, also when it was written as `3.0`.
    package var intValue: Int? {
        switch self {
        case .int(let value): Int(value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The value as a double, rounded when an integer is beyond 2^53; nil for other kinds.
    package var doubleValue: Double? {
        switch self {
        case .int(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The member `key` of an object; nil when this is no object or lacks it.
    package subscript(key: String) -> JSONValue? { objectValue?[key] }

    /// What a message calls this kind of value.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONValue: Equatable {
    /// Numbers are equal when their values are (`1` and `1.0`); strings when their characters are, without Unicode
    /// normalization; objects when their members are, in any order.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        // Exactly: as doubles, integers beyond 2^53 would equal their neighbours.
        case (.int(let a), .number(let b)), (.number(let b), .int(let a)): Int64(exactly: b) == a
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a.count == b.count && a.allSatisfy { b[$0.key] == $0.value }
        default: false
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements, uniquingKeysWith: { _, last in last }))
    }
}
