import ImflowSyntax

/// Flow collections in one line: `[a, b]`, `{a: 1}`.
enum FlowText {
    /// Nil when it does not fit into `limit` bytes, is a block collection, holds comments or texts of several lines.
    static func text(of node: FormatNode, limit: Int) -> [UInt8]? {
        guard node.isFlow, node.isCollection else { return nil }
        var out: [UInt8] = []
        return write(node, to: &out, limit: limit) ? out : nil
    }

    private static func write(_ node: FormatNode, to out: inout [UInt8], limit: Int) -> Bool {
        switch node.content {
        case .alias(let name): out += name
        case .scalar(let scalar):
            if scalar.bytes.isEmpty {
                if node.properties.isEmpty { out += "null".utf8 }
            } else {
                let lines = ScalarText.lines(
                    scalar, isTagged: node.properties.contains { $0.first == UInt8(ascii: "!") })
                guard lines.count == 1, !scalar.isBlock else { return false }
                out += lines[0]
            }
        case .mapping(let entries): return write(entries, node, "{", "}", to: &out, limit: limit)
        case .sequence(let entries): return write(entries, node, "[", "]", to: &out, limit: limit)
        }
        return out.count <= limit
    }

    private static func write(
        _ entries: [FormatEntry], _ node: FormatNode, _ open: String, _ close: String, to out: inout [UInt8], limit: Int
    ) -> Bool {
        guard node.isFlow, node.footer.isEmpty else { return false }
        out += open.utf8
        for (index, entry) in entries.enumerated() {
            guard entry.leading.isEmpty, entry.comment == nil else { return false }
            if index > 0 { out += ", ".utf8 }
            if let key = entry.key {
                for property in entry.keyProperties { out += property + [0x20] }
                let isTagged = entry.keyProperties.contains { $0.first == UInt8(ascii: "!") }
                out += ScalarText.simplified(key, isTagged: isTagged) + ": ".utf8
            }
            for property in entry.value.properties { out += property + [0x20] }
            guard write(entry.value, to: &out, limit: limit) else { return false }
        }
        out += close.utf8
        return out.count <= limit
    }
}
