private import OrderedCollections

extension JSONValue {
    /// Reads one JSON value. Of a repeated member the last one counts; located readers report repetition.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var builder = Builder()
        try JSONReader.read(bytes, into: &builder)
        return builder.root
    }

    /// Reads one JSON value from a text.
    package static func parse(_ text: String) throws(JSONError) -> JSONValue { try parse(Array(text.utf8)) }

    private struct Builder: JSONVisitor {
        /// An open array or object; mutated in place, so that long ones are not copied.
        private struct Frame {
            var isObject: Bool
            var items: [JSONValue] = []
            var members: JSONObject = [:]
            var key = ""
        }
        private var stack: [Frame] = []
        var root: JSONValue = .null

        private mutating func add(_ value: JSONValue) {
            guard let last = stack.indices.last else { return root = value }
            if stack[last].isObject {
                stack[last].members[stack[last].key] = value
            } else {
                stack[last].items.append(value)
            }
        }

        mutating func beginObject(at offset: Int) { stack.append(Frame(isObject: true)) }
        mutating func beginArray(at offset: Int) { stack.append(Frame(isObject: false)) }
        mutating func endObject(at end: Int) { if let frame = stack.popLast() { add(.object(frame.members)) } }
        mutating func endArray(at end: Int) { if let frame = stack.popLast() { add(.array(frame.items)) } }

        mutating func key(_ text: String, range: Range<Int>) throws(JSONError) {
            guard let last = stack.indices.last else { return }
            let members = stack[last].members
            if let index = members.index(forKey: text), !members.keys[index].utf8.elementsEqual(text.utf8) {
                throw JSONError(
                    "the object has this name already, in another Unicode normalization", at: range.lowerBound)
            }
            stack[last].key = text
        }

        mutating func scalar(_ value: JSONValue, range: Range<Int>) { add(value) }
    }
}
