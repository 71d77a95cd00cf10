import ImflowJSON

/// What draft-07 knows of a keyword.
struct SchemaKeyword {
    /// What values a keyword takes.
    enum Form {
        case anything, text, number, boolean, list, object, schema, schemaOrList, nameOrList

        /// Whether a value of this kind can be meant.
        func takes(_ value: JSONValue) -> Bool {
            switch (self, value) {
            case (.anything, _), (.text, .string), (.number, .int), (.number, .number), (.boolean, .bool),
                (.list, .array), (.object, .object), (.schema, .object), (.schema, .bool), (.schemaOrList, .object),
                (.schemaOrList, .bool), (.schemaOrList, .array), (.nameOrList, .string), (.nameOrList, .array):
                true
            default: false
            }
        }

        /// What a message says it takes.
        var phrase: String {
            switch self {
            case .anything: "any value"
            case .text: "a string"
            case .number: "a number"
            case .boolean: "a boolean"
            case .list: "a list"
            case .object: "an object"
            case .schema: "a schema"
            case .schemaOrList: "a schema or a list of schemas"
            case .nameOrList: "a name or a list of names"
            }
        }
    }

    /// Which keywords are read together.
    enum Group: UInt8 {
        case values = 1, numbers = 2, strings = 4, arrays = 8, objects = 16, combinations = 32, others = 64
    }

    let form: Form
    let group: Group
    /// Whether it only tells something to people and tools.
    var isAnnotation = false

    /// The kinds of values of which it asks something; nil: of all, or of none.
    var kinds: ValueKinds? {
        switch group {
        case .numbers: .number
        case .strings: .string
        case .arrays: .array
        case .objects: .object
        case .values, .combinations, .others: nil
        }
    }

    /// Every keyword, by name.
    static let all: [String: SchemaKeyword] = {
        var all: [String: SchemaKeyword] = [:]
        func add(_ group: Group, _ form: Form, _ names: String...) {
            for name in names { all[name] = SchemaKeyword(form: form, group: group) }
        }
        func annotate(_ form: Form, _ names: String...) {
            for name in names { all[name] = SchemaKeyword(form: form, group: .others, isAnnotation: true) }
        }
        add(.others, .text, "$schema", "$id", "$ref")
        annotate(.text, "$comment", "title", "description", "format", "contentMediaType", "contentEncoding")
        annotate(.anything, "default")
        annotate(.list, "examples")
        annotate(.boolean, "readOnly", "writeOnly")
        annotate(.object, "definitions")
        add(.values, .nameOrList, "type")
        add(.values, .list, "enum")
        add(.values, .anything, "const")
        add(.numbers, .number, "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum")
        add(.strings, .number, "maxLength", "minLength")
        add(.strings, .text, "pattern")
        add(.arrays, .schemaOrList, "items")
        add(.arrays, .schema, "additionalItems", "contains")
        add(.arrays, .number, "maxItems", "minItems")
        add(.arrays, .boolean, "uniqueItems")
        add(.objects, .number, "maxProperties", "minProperties")
        add(.objects, .list, "required")
        add(.objects, .object, "properties", "patternProperties", "dependencies")
        add(.objects, .schema, "additionalProperties", "propertyNames")
        add(.combinations, .list, "allOf", "anyOf", "oneOf")
        add(.combinations, .schema, "not", "if", "then", "else")
        return all
    }()

    /// The groups that have a keyword among `names`, as bits.
    static func groups(of names: some Sequence<String>) -> UInt8 {
        names.reduce(0) { $0 | (all[$1]?.group.rawValue ?? 0) }
    }

    /// Keywords of other drafts and tools that lie near one of draft-07's and are no slips.
    static let foreign: Set<String> = [
        "$anchor", "$defs", "$recursiveAnchor", "$recursiveRef", "contentSchema", "dependentRequired",
        "dependentSchemas", "deprecated", "example", "extends", "formatMaximum", "formatMinimum", "id", "maxContains",
        "minContains", "note", "notes", "optional", "options", "order", "prefixItems", "titles", "unit", "units",
    ]
}
