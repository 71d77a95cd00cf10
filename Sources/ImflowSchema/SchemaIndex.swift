import ImflowJSON

/// What references can name: the documents, their identifiers, and the base URI at each schema.
struct SchemaIndex {
    struct Found {
        var value: JSONValue
        var place: SchemaPlace
        var base: String
    }

    /// Why a reference names nothing.
    struct Miss: Error {
        var sentence: String
    }

    /// By URI; the author's own has none.
    private var documents: [String: JSONValue] = [:]
    /// Whether anything in the author's document can be referred to.
    private(set) var isNeeded = false
    /// Documents that references may name.
    private let offered: [String: JSONValue]
    /// The base URI of the schemas that `$id` moves, and of all below a known keyword.
    private(set) var bases: [SchemaPlace: String] = [:]
    /// By URI: without a fragment, or with the plain name that an `$id` gave.
    private var resources: [String: SchemaPlace] = [:]

    init(offering documents: [String: JSONValue]) { offered = documents }

    /// Makes `schema` the author's document.
    mutating func add(_ schema: JSONValue) throws(SchemaProblem) {
        documents[""] = schema
        isNeeded = Self.hasReferences(schema)
        if isNeeded { try register(schema, document: "") }
    }

    /// Whether anything in it names a schema or refers to one. Most schemas do not, and need no index.
    private static func hasReferences(_ schema: JSONValue) -> Bool {
        var pending = [schema]
        while let value = pending.popLast() {
            switch value {
            case .object(let members):
                if members["$ref"] != nil || members["$id"] != nil { return true }
                pending += members.values
            case .array(let items): pending += items
            default: break
            }
        }
        return false
    }

    /// What `reference` names when it stands where the base URI is `base`.
    mutating func find(_ reference: String, base: String) throws(Miss) -> Found {
        let whole = URIReference.resolve(reference, base: base)
        let (resource, fragment) = URIReference.parts(of: whole)
        if resources[resource] == nil, let document = document(resource) {
            documents[resource] = document
            do throws(SchemaProblem) { try register(document, document: resource) } catch {
                throw Miss(sentence: "`\(reference)` names a document that is no schema: \(error)")
            }
        }
        if let fragment, !fragment.isEmpty, fragment.utf8.first != UInt8(ascii: "/") {
            guard let place = resources[resource + "#" + fragment] else {
                throw Miss(sentence: "`\(reference)` is no `$id` in this schema")
            }
            return try walk([], from: place, reference)
        }
        guard let place = resources[resource] else {
            throw Miss(
                sentence: "`\(reference)` is not in this schema, and other documents are not fetched; "
                    + "write what it names under `definitions`")
        }
        guard let text = URIReference.decoded(fragment ?? ""), let names = SchemaPlace.names(in: text) else {
            throw Miss(sentence: "`\(reference)` does not end in a JSON pointer")
        }
        return try walk(names, from: place, reference)
    }

    private func document(_ uri: String) -> JSONValue? {
        if let document = offered[uri] { return document }
        return uri == Metaschema.uri ? Metaschema.value : Optional.none
    }

    private func walk(_ names: [String], from start: SchemaPlace, _ reference: String) throws(Miss) -> Found {
        let miss = Miss(sentence: "`\(reference)` leads to nothing in this schema")
        guard var value = value(at: start) else { throw miss }
        var place = start
        var base = bases[start] ?? start.document
        for name in names {
            guard let next = Self.member(name, of: value) else { throw miss }
            value = next
            place = place.member(name)
            base = bases[place] ?? base
        }
        return Found(value: value, place: place, base: base)
    }

    private func value(at place: SchemaPlace) -> JSONValue? {
        var value: JSONValue? = documents[place.document]
        for name in SchemaPlace.names(in: place.pointer) ?? [] { value = value.flatMap { Self.member(name, of: $0) } }
        return value
    }

    private static func member(_ name: String, of value: JSONValue) -> JSONValue? {
        if let items = value.arrayValue {
            guard let index = Int(name), items.indices.contains(index), String(index) == name else { return nil }
            return items[index]
        }
        return value[name]
    }

    private mutating func register(_ root: JSONValue, document: String) throws(SchemaProblem) {
        let start = SchemaPlace(document: document, pointer: "")
        resources[document] = start
        var pending: [(value: JSONValue, place: SchemaPlace, base: String)] = [(root, start, document)]
        while let (value, place, outer) = pending.popLast() {
            guard let members = value.objectValue else { continue }
            var base = outer
            // Beside a reference, `$id` is not read.
            if let id = members["$id"], members["$ref"] == nil {
                guard let text = id.stringValue else {
                    throw SchemaProblem(place.member("$id").description, "`$id` must be a string")
                }
                base = try identify(text, at: place, base: outer)
            }
            bases[place] = base
            for (child, place) in Self.subschemas(of: members, at: place) { pending.append((child, place, base)) }
        }
    }

    private mutating func identify(
        _ id: String, at place: SchemaPlace, base: String
    ) throws(SchemaProblem) -> String {
        let (resource, fragment) = URIReference.parts(of: URIReference.resolve(id, base: base))
        var names: [String] = []
        // An `$id` that is a fragment alone names the schema and moves nothing.
        if id.utf8.first != UInt8(ascii: "#") { names.append(resource) }
        if let fragment, !fragment.isEmpty { names.append(resource + "#" + fragment) }
        for name in names {
            if let other = resources[name], other != place {
                throw SchemaProblem(
                    place.member("$id").description, "`\(id)` is the `$id` of another schema, at `\(other)`, too")
            }
            resources[name] = place
        }
        return resource
    }

    private static let single = [
        "additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else", "items",
    ]
    private static let lists = ["items", "allOf", "anyOf", "oneOf"]
    private static let maps = ["properties", "patternProperties", "definitions", "dependencies"]

    private static func subschemas(of members: JSONObject, at place: SchemaPlace) -> [(JSONValue, SchemaPlace)] {
        var found: [(JSONValue, SchemaPlace)] = []
        for keyword in single {
            if let value = members[keyword] { found.append((value, place.member(keyword))) }
        }
        for keyword in lists {
            for (position, item) in (members[keyword]?.arrayValue ?? []).enumerated() {
                found.append((item, place.member(keyword).member("\(position)")))
            }
        }
        for keyword in maps {
            for (name, value) in members[keyword]?.objectValue ?? [:] {
                found.append((value, place.member(keyword).member(name)))
            }
        }
        return found
    }
}
