package import ImflowJSON

/// Something in a valid schema that its author can hardly have meant.
package struct SchemaRemark: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// A keyword that draft-07 does not have. `known` are those that take such a value.
        case unknownKeyword(String, known: [String])
        /// A keyword that asks nothing where it stands.
        case withoutEffect
        /// A value that breaks the schema that offers it.
        case mismatch
    }

    package var kind: Kind
    /// Where: a JSON pointer, empty for the whole.
    package var pointer: String
    /// Whether the name of the member there is meant, rather than its value.
    package var isName: Bool
    /// What is wrong, as a sentence without its place. Empty for unknown keywords.
    package var sentence: String
}

/// A schema as its author should see it: what makes it invalid, and what in it looks wrong.
package struct SchemaReview: Sendable {
    /// More remarks of one schema are not made.
    package static let maximumRemarks = 50
    /// Steps of work for the check of one `default` or example.
    private static let workLimit = 20_000
    /// Of one list of examples or values so many are checked.
    private static let maximumValues = 200

    /// Nil exactly when there are problems.
    package private(set) var validator: SchemaValidator?
    package private(set) var problems: [SchemaProblem]
    package private(set) var remarks: [SchemaRemark] = []

    /// Looks at everything in `schema`, used or not.
    package init(_ schema: JSONValue) {
        let compiler = SchemaCompiler.compile(schema, documents: [:])
        problems = compiler.problems
        let objects = compiler.objects.filter(\.place.document.isEmpty)
        for schema in objects { review(schema.members, at: schema.place) }
        guard problems.isEmpty else { return }
        validator = SchemaValidator(program: compiler.program)
        for schema in objects where Self.offersValues(schema.members) {
            reviewValues(schema.members, at: schema.place, node: schema.node)
        }
    }

    private var isFull: Bool { remarks.count >= Self.maximumRemarks }

    private mutating func add(
        _ kind: SchemaRemark.Kind, _ place: SchemaPlace, isName: Bool, _ sentence: String
    ) {
        guard !isFull, !isBroken(place) else { return }
        remarks.append(SchemaRemark(kind: kind, pointer: place.pointer, isName: isName, sentence: sentence))
    }

    /// Whether something is wrong at the place or in it: one mistake is one message.
    private func isBroken(_ place: SchemaPlace) -> Bool {
        problems.contains { $0.pointer == place.pointer || $0.pointer.hasPrefix(place.pointer + "/") }
    }

    private mutating func review(_ members: JSONObject, at place: SchemaPlace) {
        let reference = members["$ref"] != nil
        var types: ValueKinds??
        var mayBeIncomplete = place.pointer.isEmpty
        for (name, value) in members {
            guard let keyword = SchemaKeyword.all[name] else {
                reviewUnknown(name, value, at: place)
                continue
            }
            if keyword.isAnnotation || name == "$schema" {
                if !keyword.form.takes(value) {
                    problems.append(
                        SchemaProblem(place.member(name).pointer, "`\(name)` must be \(keyword.form.phrase)"))
                }
            }
            if reference, !keyword.isAnnotation, name != "$ref", name != "$schema", name != "$id" {
                add(
                    .withoutEffect, place.member(name), isName: true,
                    "beside `$ref`, draft-07 reads no `\(name)`: put both under `allOf`")
            } else if let wanted = keyword.kinds {
                let stated = types ?? Self.types(members["type"])
                types = .some(stated)
                if let stated, wanted.isDisjoint(with: stated) {
                    let phrase = stated.phrase(isInteger: members["type"] == "integer")
                    add(.withoutEffect, place.member(name), isName: true, "`\(name)` asks nothing of \(phrase)")
                }
                mayBeIncomplete = mayBeIncomplete || name == "additionalItems"
            } else if keyword.group == .combinations {
                mayBeIncomplete = true
            }
        }
        if mayBeIncomplete { reviewPairs(members, at: place) }
        if place.pointer.isEmpty, !members.isEmpty, members.keys.allSatisfy({ SchemaKeyword.all[$0] == nil && !$0.hasPrefix("x-") }) {
            remarks = [
                SchemaRemark(
                    kind: .withoutEffect, pointer: "", isName: false,
                    sentence: "nothing in this is a keyword of JSON Schema, so it asks nothing: write members under `properties`")
            ]
        }
    }

    private mutating func reviewUnknown(_ name: String, _ value: JSONValue, at place: SchemaPlace) {
        if name.count < 3 || name.hasPrefix("x-") || SchemaKeyword.foreign.contains(name) { return }
        let known = SchemaKeyword.all.filter { $0.value.form.takes(value) }.keys.sorted()
        add(.unknownKeyword(name, known: known), place.member(name), isName: true, "")
    }

    /// Keywords that need another one to ask anything.
    private mutating func reviewPairs(_ members: JSONObject, at place: SchemaPlace) {
        func missing(_ name: String, _ sentence: String) {
            if members[name] != nil { add(.withoutEffect, place.member(name), isName: true, sentence) }
        }
        if members["if"] == nil {
            missing("then", "`then` asks nothing without `if`")
            missing("else", "`else` asks nothing without `if`")
        } else if members["then"] == nil, members["else"] == nil {
            missing("if", "`if` asks nothing without `then` or `else`")
        }
        if members["items"]?.arrayValue == nil {
            missing("additionalItems", "`additionalItems` asks nothing unless `items` is a list")
        }
        if place.pointer.isEmpty, let draft = members["$schema"]?.stringValue,
            URIReference.parts(of: draft).resource != Metaschema.uri
        {
            add(
                .withoutEffect, place.member("$schema"), isName: false,
                "schemas are read as draft-07 (`\(Metaschema.uri)#`), whatever else `$schema` names")
        }
    }

    private static func offersValues(_ members: JSONObject) -> Bool {
        members.keys.contains { $0 == "default" || $0 == "const" || $0 == "examples" || $0 == "enum" }
    }

    private mutating func reviewValues(_ members: JSONObject, at place: SchemaPlace, node: Int) {
        func check(_ value: JSONValue, _ name: String, item: Int? = nil) {
            guard !isFull, let broken = breach(value, node) else { return }
            let place = place.member(name)
            let what = item == nil ? "the `\(name)`" : name == "enum" ? "this value" : "this example"
            add(
                .mismatch, item.map { place.member(String($0)) } ?? place, isName: false,
                "\(what) breaks the schema that it stands in: \(broken)")
        }
        if members["$ref"] != nil { return }
        if let value = members["default"] { check(value, "default") }
        if let value = members["const"] { check(value, "const") }
        for (index, value) in (members["examples"]?.arrayValue ?? []).prefix(Self.maximumValues).enumerated() {
            check(value, "examples", item: index)
        }
        for (index, value) in (members["enum"]?.arrayValue ?? []).prefix(Self.maximumValues).enumerated() {
            check(value, "enum", item: index)
        }
    }

    private func breach(_ value: JSONValue, _ node: Int) -> String? {
        guard let found = validator?.breaches(of: value, node: node, workLimit: Self.workLimit).first else {
            return nil
        }
        return found.instancePointer.isEmpty ? found.sentence : "at `\(found.instancePointer)`, \(found.sentence)"
    }

    private static func types(_ value: JSONValue?) -> ValueKinds? {
        guard let value else { return nil }
        let names = (value.arrayValue ?? [value]).map { $0.stringValue.flatMap(SchemaType.init(rawValue:)) }
        if names.isEmpty || names.contains(nil) { return nil }
        return names.compactMap(\.self).reduce(into: ValueKinds()) { $0.formUnion(ValueKinds($1)) }
    }
}
