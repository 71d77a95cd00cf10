import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax

/// A located tree as JSON. What JSON cannot say is said as near as it can: `.inf` and `.nan` as strings, a key that is
/// no scalar as its JSON text, what could not be read as null.
enum TreeDump {
    /// The plain value: aliases expanded, `<<` merged, of a repeated key the last value.
    static func value(_ node: SyntaxNode) -> JSONValue {
        switch node.kind {
        case .scalar: return scalar(node)
        case .sequence: return .array(node.items.map(value))
        case .mapping:
            var object = JSONObject()
            for (key, member) in node.mergedMembers { object[key.scalarText ?? value(key).text] = value(member) }
            return .object(object)
        case .alias, .hole: return .null
        }
    }

    /// Each node as `{"kind", "style", "span"}` with its `"value"` (a scalar), `"items"` or `"members"`, the latter a
    /// list of `{"key": node, "value": node}` in order, repeated keys included. `"tag"` is there where one is written,
    /// and `"alias_of"`, the place of the node that is meant, where the node is an alias. Members that `<<` merges
    /// stand in their mapping, with their own places.
    static func located(_ node: SyntaxNode) -> JSONValue {
        var object: JSONObject = ["kind": .string(kind(node.kind))]
        if node.kind != .hole { object["style"] = .string(style(node.style)) }
        object["span"] = place(node.span)
        if let tag = node.tag { object["tag"] = .string(tag) }
        let own = node.tree.records[node.index]
        if node.span.range != Int(own.start)..<Int(own.end) {
            object["alias_of"] = .array([.int(Int64(own.start)), .int(Int64(own.end))])
        }
        switch node.kind {
        case .scalar: object["value"] = scalar(node)
        case .sequence: object["items"] = .array(node.items.map(located))
        case .mapping:
            object["members"] = .array(
                node.mergedMembers.map { ["key": located($0.key), "value": located($0.value)] })
        case .alias, .hole: object["value"] = .null
        }
        return .object(object)
    }

    static func place(_ span: Span) -> JSONValue {
        .array([.int(Int64(span.range.lowerBound)), .int(Int64(span.range.upperBound))])
    }

    private static func scalar(_ node: SyntaxNode) -> JSONValue {
        switch node.coreValue {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .float(let value) where value.isFinite: .number(value)
        case .string(let value): .string(value)
        case .float, nil: .string(node.scalarText ?? "")
        }
    }

    private static func kind(_ kind: SyntaxTree.Kind) -> String {
        switch kind {
        case .scalar: "scalar"
        case .sequence: "sequence"
        case .mapping: "mapping"
        case .alias: "alias"
        case .hole: "hole"
        }
    }

    private static func style(_ style: SyntaxTree.Style) -> String {
        switch style {
        case .plain: "plain"
        case .singleQuoted: "single-quoted"
        case .doubleQuoted: "double-quoted"
        case .literal: "literal"
        case .folded: "folded"
        case .flow: "flow"
        case .block: "block"
        }
    }
}
