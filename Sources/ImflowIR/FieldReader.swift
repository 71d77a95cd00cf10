package import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax

/// Reads mappings by the key table. What is not as the table says is reported once and left out.
struct FieldReader {
    /// Most members of one list or map; more is refused.
    static let listLimit = 10_000
    /// Most bytes of a condition.
    static let conditionLimit = 4096

    private(set) var findings = FindingList()

    mutating func add(_ diagnostic: Diagnostic) { findings.add(diagnostic) }

    /// The members of `node` that are keys of `block`.
    mutating func fields(of node: SyntaxNode, _ block: KeyBlock) -> Fields? {
        guard node.kind == .mapping else {
            if node.kind != .hole { wrongType(node, takes: "a mapping", what: .key(block.name)) }
            return nil
        }
        let members = node.mergedMembers
        var fields = Fields(span: node.span, count: members.count, isCut: node.isCut)
        for (keyNode, valueNode) in members {
            if findings.isFull { break }
            guard let name = keyNode.scalarText else {
                add(Diagnostic(.wrongType, "a key must be a string", at: keyNode.span))
                continue
            }
            if name.hasPrefix("x-") || (keyNode.isMergeKey) { continue }
            guard let key = block[name] else {
                reportUnknown(name, keyNode, block, in: node)
                continue
            }
            if fields.hasValue(name) { continue }
            if valueNode.kind == .hole {
                fields.markRead(name)
                continue
            }
            guard let value = read(valueNode, key.type, .key(name)) else {
                fields.markRead(name)
                continue
            }
            checkTrap(valueNode, key.type, .key(name))
            fields.set(name, Located(value, at: valueNode.span, key: keyNode.span))
            switch key.type {
            case .members, .schema: fields.setPlaces(name, ValuePlaces(valueNode))
            default: break
            }
        }
        for key in block.requiredKeys where !fields.hasValue(key.name) && !fields.wasRead(key.name) {
            add(
                Diagnostic(
                    .missingKey, "`\(key.name)` is missing in `\(block.name)`", at: node.span.firstLine,
                    help: "`\(key.name)`: \(key.meaning)"))
        }
        return fields
    }

    private mutating func reportUnknown(_ name: String, _ node: SyntaxNode, _ block: KeyBlock, in mapping: SyntaxNode) {
        let names = block.keys.map(\.name)
        let near = names.first { isSameWord($0, name) } ?? nearest(name, in: names)
        add(
            Diagnostic(
                .unknownKey, "unknown key `\(printable(name))` in `\(block.name)`", at: node.span,
                help: near.map { "did you mean `\($0)`?" } ?? "a key of your own starts with `x-`",
                fixes: near.flatMap { fix($0, name, node, in: mapping) }.map { [$0] } ?? []))
    }

    /// Writes the key that was meant, where it is not there already; sure when only case, `-` and `_` differ.
    private func fix(_ near: String, _ name: String, _ node: SyntaxNode, in mapping: SyntaxNode) -> FixIt? {
        let members = mapping.mergedMembers
        if members.contains(where: { $0.key.scalarText == near }) { return nil }
        let isSure =
            isSameWord(near, name) && members.count { isSameWord($0.key.scalarText ?? "", near) } == 1
            && mapping.members.contains { $0.key.span == node.span }
        return node.writing(string: near, isSure ? .safe : .needsReview)
    }

    /// Says that `node` is not what its key takes.
    mutating func wrongType(_ node: SyntaxNode, takes: String, what: KeyText, fixes: [FixIt] = [], help: String? = nil) {
        guard node.kind != .hole else { return }
        add(
            Diagnostic(
                .wrongType, "\(what) takes \(takes), not \(node.kindName)", at: node.span.firstLine, help: help,
                fixes: fixes))
    }
}

extension SyntaxNode {
    /// What a message calls this kind of value.
    var kindName: String {
        switch kind {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias, .hole: "an unreadable value"
        case .scalar:
            switch coreValue {
            case .null, nil: "nothing"
            case .bool(let value): "the boolean `\(value)`"
            case .int, .float: "the number `\(printable(scalarText ?? ""))`"
            case .string: "the string \"\(printable(scalarText ?? ""))\""
            }
        }
    }

    /// Whether this is `null`, `~` or empty.
    var isNull: Bool { kind == .scalar && coreValue == .null }
}

extension Span {
    /// The part of the span on its first line: what a caret can stand under.
    package var firstLine: Span {
        let end = source.bytes[range].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? range.upperBound
        return Span(source, range.lowerBound..<Swift.max(end, Swift.min(range.lowerBound + 1, range.upperBound)))
    }
}

/// A text of the author's, fit for one line of a message. A secret is not repeated.
package func printable(_ text: String) -> String {
    var text = text
    // Shorter texts are no tokens, unless they are URLs.
    if text.utf8.count >= 20 || text.utf8.contains(UInt8(ascii: ":")) {
        var bytes = Array(text.utf8.prefix(4096))
        let secrets = SecretToken.ranges(in: bytes[...])
        for secret in secrets.reversed() { bytes.replaceSubrange(secret, with: "***".utf8) }
        if !secrets.isEmpty { text = String(decoding: bytes, as: UTF8.self) }
    }
    if text.utf8.count <= 60, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var out = ""
    for scalar in text.unicodeScalars.prefix(60) {
        out.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
    }
    return text.unicodeScalars.count > 60 ? out + "…" : out
}
