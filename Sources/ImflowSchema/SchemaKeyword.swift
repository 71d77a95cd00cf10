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

    let form: Form
    /// The types of which it asks something; nil: of all, or of none.
    var types: Set<SchemaType>?
    /// Whether it only tells something to people and tools.
    var isAnnotation = false

    /// Every keyword, by name.
    static let all: [String: SchemaKeyword] = {
        var all: [String: SchemaKeyword] = [:]
        func add(_ names: [String], _ keyword: SchemaKeyword) { for name in names { all[name] = keyword } }
        add(["$schema", "$id", "$ref"], SchemaKeyword(form: .text))
        add(
            ["$comment", "title", "description", "contentMediaType", "contentEncoding"],
            SchemaKeyword(form: .text, isAnnotation: true))
        add(["default"], SchemaKeyword(form: .anything, isAnnotation: true))
        add(["examples"], SchemaKeyword(form: .list, isAnnotation: true))
        add(["readOnly", "writeOnly"], SchemaKeyword(form: .boolean, isAnnotation: true))
        add(["format"], SchemaKeyword(form: .text, isAnnotation: true))
        add(["type"], SchemaKeyword(form: .nameOrList))
        add(["enum"], SchemaKeyword(form: .list))
        add(["const"], SchemaKeyword(form: .anything))
        let numbers: Set<SchemaType> = [.number, .integer]
        add(
            ["multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"],
            SchemaKeyword(form: .number, types: numbers))
        add(["maxLength", "minLength"], SchemaKeyword(form: .number, types: [.string]))
        add(["pattern"], SchemaKeyword(form: .text, types: [.string]))
        add(["items"], SchemaKeyword(form: .schemaOrList, types: [.array]))
        add(["additionalItems", "contains"], SchemaKeyword(form: .schema, types: [.array]))
        add(["maxItems", "minItems"], SchemaKeyword(form: .number, types: [.array]))
        add(["uniqueItems"], SchemaKeyword(form: .boolean, types: [.array]))
        add(["maxProperties", "minProperties"], SchemaKeyword(form: .number, types: [.object]))
        add(["required"], SchemaKeyword(form: .list, types: [.object]))
        add(["properties", "patternProperties", "dependencies"], SchemaKeyword(form: .object, types: [.object]))
        add(["additionalProperties", "propertyNames"], SchemaKeyword(form: .schema, types: [.object]))
        add(["definitions"], SchemaKeyword(form: .object, isAnnotation: true))
        add(["allOf", "anyOf", "oneOf"], SchemaKeyword(form: .list))
        add(["not", "if", "then", "else"], SchemaKeyword(form: .schema))
        return all
    }()

    /// Keywords of other drafts and tools that lie near one of draft-07's and are no slips.
    static let foreign: Set<String> = [
        "$anchor", "$defs", "$recursiveAnchor", "$recursiveRef", "contentSchema", "dependentRequired",
        "dependentSchemas", "deprecated", "example", "extends", "formatMaximum", "formatMinimum", "id", "maxContains",
        "minContains", "note", "notes", "optional", "options", "order", "prefixItems", "titles", "unit", "units",
    ]
}
