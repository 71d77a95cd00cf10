import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan
import ImflowSchema

/// What a Cog server's `/openapi.json` says of `predict`: the schemas `Input` and `Output` of its components.
struct CogPorts: Sendable {
    private static let components = "#/components/schemas/"
    private static let definitions = "#/definitions/"
    private static let depthLimit = 64

    /// JSON Schemas (draft-07); nil: the server does not say.
    let input: JSONValue?
    let output: JSONValue?
    /// Why one is missing; nil: none is.
    let remark: String?
    /// Of ``input``; nil: any member is taken.
    let names: [String]?
    private let fileNames: Set<String>
    private let validator: SchemaValidator?

    /// - Parameters:
    ///   - document: null: the server has none.
    ///   - remark: why it has none.
    init(_ document: JSONValue, remark: String? = nil) {
        let schemas = document["components"]?["schemas"]?.objectValue ?? [:]
        input = Self.schema("Input", of: schemas)
        output = Self.schema("Output", of: schemas)
        let missing = [("Input", input), ("Output", output)].filter { $0.1 == nil }.map { "\(Self.components)\($0.0)" }
        self.remark = remark ?? (missing.isEmpty ? nil : "it has no \(missing.joined(separator: " and no "))")
        let properties = schemas["Input"]?["properties"]?.objectValue
        names = properties.map { Array($0.keys) }
        fileNames = Set((properties ?? [:]).filter { Self.isFile($0.value, depth: 0) }.keys)
        validator = input.flatMap { try? SchemaValidator($0) }
    }

    /// Whether the member's strings name files, which a server takes as URLs. Where nothing is said of ports, each may.
    func takesFiles(_ name: String) -> Bool { names == nil || fileNames.contains(name) }

    /// What is wrong with an input, as the end of a sentence; nil: nothing.
    func complaint(of input: JSONObject) -> String? {
        if let names, let stranger = input.keys.first(where: { !names.contains($0) }) {
            let known = names.isEmpty ? "nothing" : names.prefix(20).map { "`\($0)`" }.joined(separator: ", ")
            return "has no input `\(stranger)`: it takes \(known); `input_key` hands over one member alone"
        }
        guard let violations = validator?.validate(.object(input)), let first = violations.first else { return nil }
        let place = first.instancePointer.isEmpty ? "its input" : "its input `\(first.instancePointer)`"
        let more = violations.count > 1 ? " (\(violations.count - 1) more like this)" : ""
        let words = "\(place): \(first.sentence)"
        return "was to be given \(Quotation.printable(Array(words.utf8.prefix(500)), keepingLines: false))"
            + "; its /openapi.json says so\(more)"
    }

    /// A named schema, with all that it refers to, as a draft-07 document.
    private static func schema(_ name: String, of schemas: JSONObject) -> JSONValue? {
        guard case .object(var root)? = schemas[name].map({ rewritten($0, depth: 0) }) else { return nil }
        var found: JSONObject = [:]
        var open = references(in: .object(root), depth: 0)
        while let next = open.popFirst() {
            guard found[next] == nil, let schema = schemas[next] else { continue }
            found[next] = rewritten(schema, depth: 0)
            open.formUnion(references(in: found[next] ?? .null, depth: 0))
        }
        if !found.isEmpty { root["definitions"] = .object(found) }
        return .object(root)
    }

    /// OpenAPI 3.0 as draft-07: `nullable` allows null, and components are definitions.
    private static func rewritten(_ schema: JSONValue, depth: Int) -> JSONValue {
        guard depth < depthLimit else { return .bool(true) }
        switch schema {
        case .array(let items): return .array(items.map { rewritten($0, depth: depth + 1) })
        case .object(let members):
            var result: JSONObject = [:]
            for (key, value) in members where key != "nullable" {
                if key == "$ref", let text = value.stringValue, text.hasPrefix(components) {
                    result[key] = .string(definitions + text.dropFirst(components.count))
                } else {
                    result[key] = key == "default" || key == "enum" ? value : rewritten(value, depth: depth + 1)
                }
            }
            guard members["nullable"] == true else { return .object(result) }
            return ["anyOf": [.object(result), ["type": "null"]]]
        default: return schema
        }
    }

    /// The names of the definitions that a schema refers to.
    private static func references(in schema: JSONValue, depth: Int) -> Set<String> {
        guard depth < depthLimit else { return [] }
        switch schema {
        case .array(let items):
            return items.reduce(into: []) { $0.formUnion(references(in: $1, depth: depth + 1)) }
        case .object(let members):
            return members.reduce(into: []) { names, member in
                if member.key == "$ref", let text = member.value.stringValue, text.hasPrefix(definitions) {
                    names.insert(String(text.dropFirst(definitions.count)))
                }
                names.formUnion(references(in: member.value, depth: depth + 1))
            }
        default: return []
        }
    }

    private static func isFile(_ schema: JSONValue, depth: Int) -> Bool {
        guard depth < depthLimit else { return false }
        switch schema {
        case .array(let items): return items.contains { isFile($0, depth: depth + 1) }
        case .object(let members):
            return members["format"] == "uri" || members.values.contains { isFile($0, depth: depth + 1) }
        default: return false
        }
    }
}
