private import OrderedCollections

extension JSONValue {
    /// Reads one JSON value. Of a repeated member the last one counts; located readers report repetition.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var builder = Builder()
        try JSONReader.read(bytes, into: &builder)
        return builder.root
    }

    package static func parse(_ text: String) throws(JSONError) -> JSONValue { try parse(Array(text.utf8)) }

    private struct Builder: JSONVisitor {
        private enum Frame {
            case array([JSONValue])
            case object(JSONObject, key: String)
        }
        private var stack: [Frame] = []
        var root: JSONValue = .null

        private mutating func add(_ value: JSONValue) {
            switch stack.popLast() {
            case nil: root = value
            case .array(var items):
                items.append(value)
                stack.append(.array(items))
            case .object(var members, let key):
                members[key] = value
                stack.append(.object(members, key: key))
            }
        }

        mutating func beginObject(at offset: Int) { stack.append(.object([:], key: "")) }
        mutating func beginArray(at offset: Int) { stack.append(.array([])) }
        mutating func endObject(at end: Int) {
            if case .object(let members, _) = stack.popLast() { add(.object(members)) }
        }
        mutating func endArray(at end: Int) {
            if case .array(let items) = stack.popLast() { add(.array(items)) }
        }
        mutating func key(_ text: String, range: Range<Int>) {
            if case .object(let members, _) = stack.popLast() { stack.append(.object(members, key: text)) }
        }
        mutating func scalar(_ value: JSONValue, range: Range<Int>) { add(value) }
    }
}
