import ImflowJSON
import ImflowSchema

/// One of the two schemas of a ``PortComparison``.
struct PortSide {
    let side: PortComparison.Side
    /// What asks something of a value, and all that is said; nil: the manifest has none.
    private let manifest: (bare: JSONValue, whole: JSONValue, definitions: JSONObject)?
    private let server: (bare: JSONValue, whole: JSONValue, definitions: JSONObject)
    private let forms: [String: [JSONValue]]
    private let besides: Set<String>
    /// Names of members.
    private let required: (own: Set<String>, theirs: Set<String>)
    private(set) var differences: [PortComparison.Difference] = []

    init(
        side: PortComparison.Side, manifest: JSONValue?, server: JSONValue, forms: [String: [JSONValue]],
        besides: Set<String>
    ) {
        self.side = side
        self.manifest = manifest.map(Self.plain)
        self.server = Self.plain(server)
        self.forms = forms
        self.besides = besides
        required = (
            Self.required(self.manifest?.bare ?? .null), Self.required(self.server.bare)
        )
        compare()
    }

    private static func required(_ schema: JSONValue) -> Set<String> {
        Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
    }

    private static func plain(_ schema: JSONValue) -> (bare: JSONValue, whole: JSONValue, definitions: JSONObject) {
        let bare = PlainSchema(schema, keepsWords: false)
        return (bare.schema, PlainSchema(schema, keepsWords: true).schema, bare.definitions)
    }

    private mutating func add(_ kind: PortComparison.Difference.Kind, _ member: String?, _ sentence: String) {
        differences.append(PortComparison.Difference(side: side, member: member, kind: kind, sentence: sentence))
    }

    private mutating func compare() {
        guard let manifest else {
            return add(.undeclared, nil, "the manifest has no \(side.rawValue)_schema")
        }
        guard let own = members(of: manifest.bare) ?? none(manifest.bare), let theirs = members(of: server.bare) else {
            return compare(manifest.bare, [server.bare], nil)
        }
        for (name, schema) in own {
            if let other = theirs[name] {
                compare(schema, [other] + (forms[name] ?? []), name)
            } else {
                addStranger(name)
            }
        }
        for name in theirs.keys where own[name] == nil { addUndeclared(name, manifest.bare) }
        for name in theirs.keys where own[name] != nil { compareRequired(name) }
    }

    /// Of a schema that is one of an object's members.
    private func members(of schema: JSONValue) -> JSONObject? {
        schema["properties"]?.objectValue.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// No member, of a schema that asks for an object and names none.
    private func none(_ schema: JSONValue) -> JSONObject? {
        guard let members = schema.objectValue, members["type"] == nil || members["type"] == "object" else { return nil }
        return members.keys.allSatisfy { ["type", "required", "additionalProperties", "properties"].contains($0) } ? [:] : nil
    }

    /// A member that the server does not have.
    private mutating func addStranger(_ name: String) {
        switch side {
        case .input:
            if besides.contains(name) { return }
            add(.conflict, name, "the server takes no such member: a call that gives it fails")
        case .output:
            if required.own.contains(name) {
                add(.conflict, name, "the manifest requires it, and the server does not name it")
            } else {
                add(.different, name, "the server does not name it")
            }
        }
    }

    /// A member that the manifest does not have.
    private mutating func addUndeclared(_ name: String, _ manifest: JSONValue) {
        let isClosed = manifest["additionalProperties"] == false
        let isNeeded = side == .output || required.theirs.contains(name)
        if isClosed, isNeeded {
            let verb = side == .input ? "requires" : "gives"
            add(.conflict, name, "the server \(verb) it, and the manifest lets no such member through")
        } else {
            let needed = side == .input && isNeeded ? ", and requires it" : ""
            add(.undeclared, name, "only the server names it\(needed)")
        }
    }

    private mutating func compareRequired(_ name: String) {
        guard side == .input, required.theirs.contains(name), !required.own.contains(name) else { return }
        add(.different, name, "the server requires it, and the manifest does not")
    }

    /// - Parameter theirs: each is taken, and the first is the server's word.
    private mutating func compare(_ own: JSONValue, _ theirs: [JSONValue], _ name: String?) {
        if theirs.contains(own) { return }
        let words = "the manifest says \(Self.text(own)), the server \(Self.text(theirs[0]))"
        let mine = complete(own, manifest?.definitions ?? [:])
        let given = side == .input ? [mine] : theirs.map { complete($0, server.definitions) }
        let taken = side == .input ? theirs.map { complete($0, server.definitions) } : [mine]
        if SchemaOverlap.isNone(given: given, taken: taken) {
            add(.conflict, name, "\(words): no value fits both")
        } else {
            add(.different, name, words)
        }
    }

    private func complete(_ schema: JSONValue, _ definitions: JSONObject) -> JSONValue {
        guard !definitions.isEmpty, var members = schema.objectValue else { return schema }
        members["definitions"] = .object(definitions)
        return .object(members)
    }

    private static func text(_ schema: JSONValue) -> String {
        if schema == .object([:]) || schema == true { return "anything" }
        return Quotation.printable(Array(schema.text.utf8.prefix(300)), keepingLines: false)
    }

    /// The server's schema, with the manifest's own words where they say the same or the server has none.
    var suggestion: JSONValue? {
        guard !differences.isEmpty else { return nil }
        guard var members = server.whole.objectValue else { return server.whole }
        members["additionalProperties"] = manifest?.bare["additionalProperties"]
        let own = manifest?.whole["properties"]?.objectValue ?? [:]
        if let theirs = members["properties"]?.objectValue {
            members["properties"] = .object(merged(own, theirs))
            let names = theirs.keys.filter { required.own.contains($0) || required.theirs.contains($0) }
            members["required"] = names.isEmpty ? nil : .array(names.map(JSONValue.string))
        }
        return complete(.object(members), server.definitions)
    }

    private func merged(_ own: JSONObject, _ theirs: JSONObject) -> JSONObject {
        let unwell = Set(differences.filter { $0.kind != .undeclared }.compactMap(\.member))
        var merged: JSONObject = [:]
        for (name, schema) in own where besides.contains(name) && theirs[name] == nil { merged[name] = schema }
        for (name, schema) in theirs {
            guard let mine = own[name] else {
                merged[name] = schema
                continue
            }
            merged[name] = unwell.contains(name) ? described(schema, by: mine) : mine
        }
        return merged
    }

    private func described(_ schema: JSONValue, by mine: JSONValue) -> JSONValue {
        guard var members = schema.objectValue, members["description"] == nil else { return schema }
        members["description"] = mine["description"]
        return .object(members)
    }
}
