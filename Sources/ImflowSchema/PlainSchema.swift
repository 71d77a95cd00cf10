package import ImflowJSON

/// A schema as a person would write it: only keywords that draft-07 has, references into its own `definitions` followed,
/// and an `allOf` of one schema merged into what it stands in. It asks of values what it asked before.
package struct PlainSchema: Sendable {
    /// Subschemas that are looked at: of a larger schema, or one that refers to itself, the rest stays as it is.
    private static let limit = 10_000
    private static let depthLimit = 32
    private static let reference = "#/definitions/"

    /// The schema.
    package let schema: JSONValue
    /// What its references name that were not followed; empty: there are none.
    package let definitions: JSONObject

    /// - Parameter keepsWords: with `description`, `default` and `examples`, which ask nothing of a value.
    package init(_ schema: JSONValue, keepsWords: Bool) {
        let known = schema["definitions"]?.objectValue ?? [:]
        var plain = Plain(definitions: known, keepsWords: keepsWords)
        self.schema = plain.schema(schema, depth: 0, isRoot: true)
        definitions = plain.isWhole ? [:] : known
    }

    private struct Plain {
        let definitions: JSONObject
        let keepsWords: Bool
        var looked = 0
        /// Every reference was followed.
        var isWhole = true

        mutating func schema(_ schema: JSONValue, depth: Int, isRoot: Bool = false) -> JSONValue {
            guard let members = schema.objectValue else { return schema }
            looked += 1
            if let target = members["$ref"]?.stringValue { return followed(target, schema, depth) }
            guard looked <= PlainSchema.limit, depth < PlainSchema.depthLimit else {
                isWhole = false
                return schema
            }
            var plain: JSONObject = [:]
            for (key, value) in members where isKept(key) { plain[key] = self.value(of: key, value, depth: depth + 1) }
            return .object(merged(plain))
        }

        private mutating func followed(_ target: String, _ schema: JSONValue, _ depth: Int) -> JSONValue {
            guard target.hasPrefix(PlainSchema.reference), looked <= PlainSchema.limit, depth < PlainSchema.depthLimit,
                let found = definitions[String(target.dropFirst(PlainSchema.reference.count))]
            else {
                isWhole = false
                return ["$ref": .string(target)]
            }
            return self.schema(found, depth: depth + 1)
        }

        private func isKept(_ key: String) -> Bool {
            guard let keyword = SchemaKeyword.all[key], key != "definitions", key != "$schema", key != "$id" else {
                return false
            }
            guard keyword.isAnnotation else { return true }
            // Strings that name files are known by their format.
            if key == "format" { return true }
            return keepsWords && ["description", "default", "examples"].contains(key)
        }

        private mutating func value(of key: String, _ value: JSONValue, depth: Int) -> JSONValue {
            guard let keyword = SchemaKeyword.all[key] else { return value }
            switch (keyword.form, keyword.group) {
            case (.schema, _), (.schemaOrList, _), (.list, .combinations):
                guard let items = value.arrayValue else { return schema(value, depth: depth) }
                return .array(items.map { schema($0, depth: depth) })
            case (.object, .objects):
                return .object((value.objectValue ?? [:]).mapValues { schema($0, depth: depth) })
            default: return value
            }
        }

        private func merged(_ schema: JSONObject) -> JSONObject {
            guard let parts = schema["allOf"]?.arrayValue, parts.count == 1, let only = parts[0].objectValue else {
                return schema
            }
            var rest = schema
            rest["allOf"] = nil
            // What is told in both places is not the same thing twice.
            let both = only.keys.filter { rest[$0] != nil && $0 != "description" && $0 != "default" && $0 != "examples" }
            guard both.isEmpty else { return schema }
            return only.merging(rest) { _, outer in outer }
        }
    }
}

