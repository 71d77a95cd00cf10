import ImflowDiagnostics
import ImflowIR
import ImflowJSON

/// The fields of one typed block as members of a JSON object, those that are not said left out. With spans, each is
/// `{"value", "span", "key_span"}`, as far as its type remembers where it stood.
struct FieldDump {
    let spans: Bool
    private var members: JSONObject = [:]

    init(spans: Bool) { self.spans = spans }

    var json: JSONValue { .object(members) }

    mutating func add<Value>(_ key: String, _ field: Located<Value>?, _ json: (Value) -> JSONValue) {
        guard let field else { return }
        add(key, json(field.value), at: field.span, key: field.keySpan)
    }

    mutating func add(_ key: String, _ field: Located<String>?) { add(key, field, JSONValue.string) }
    mutating func add(_ key: String, _ field: Located<Bool>?) { add(key, field, JSONValue.bool) }
    mutating func add(_ key: String, _ field: Located<Double>?) { add(key, field, JSONValue.number) }
    mutating func add(_ key: String, _ field: Located<JSONValue>?) { add(key, field) { $0 } }
    mutating func add(_ key: String, _ field: Located<Int>?) { add(key, field) { .int(Int64($0)) } }
    mutating func add(_ key: String, _ field: Located<Pair>?) {
        add(key, field) { .array([.int(Int64($0.x)), .int(Int64($0.y))]) }
    }
    mutating func add(_ key: String, _ field: Located<ModelReference>?) {
        add(key, field) { .string($0.description) }
    }
    mutating func add<Choice: RawRepresentable<String>>(_ key: String, _ field: Located<Choice>?) {
        add(key, field) { .string($0.rawValue) }
    }

    /// A value whose type knows its place only in part, or not at all.
    mutating func add(_ key: String, _ value: JSONValue?, at span: Span?, key keySpan: Span? = nil) {
        guard let value else { return }
        members[key] = placed(value, at: span, key: keySpan)
    }

    /// `value` itself, or with its places.
    func placed(_ value: JSONValue, at span: Span?, key keySpan: Span? = nil) -> JSONValue {
        guard spans else { return value }
        var object: JSONObject = ["value": value]
        if let span { object["span"] = TreeDump.place(span) }
        if let keySpan, keySpan != span { object["key_span"] = TreeDump.place(keySpan) }
        return .object(object)
    }
}
