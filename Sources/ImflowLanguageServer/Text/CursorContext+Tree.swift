import ImflowDiagnostics
import ImflowSyntax

extension CursorContext {
    /// Where `offset` stands in a tree that was read to its end. Nil: on no key and no scalar.
    init?(_ tree: SyntaxTree, at offset: Int) {
        guard var node = tree.root else { return nil }
        let isJSON = tree.source.name.lowercased().hasSuffix(".json")
        var path: [Step] = []
        // The parser bounds the depth; an alias leads elsewhere, where the offset is not.
        while true {
            switch node.kind {
            case .mapping:
                let members = node.members
                if let (key, _) = members.first(where: { $0.key.span.touches(offset) }) {
                    let siblings = Set(members.compactMap(\.key.scalarText).filter { $0 != key.scalarText })
                    self.init(path: path, isKey: true, key, isJSON)
                    self.siblings = siblings
                    return
                }
                guard let (key, value) = members.first(where: { $0.value.span.touches(offset) }) else { return nil }
                path.append(.key(key.scalarText ?? ""))
                node = value
            case .sequence:
                guard let index = node.items.firstIndex(where: { $0.span.touches(offset) }) else { return nil }
                path.append(.item(index))
                node = node.items[index]
            case .scalar:
                self.init(path: path, isKey: false, node, isJSON)
                return
            case .alias, .hole: return nil
            }
        }
    }

    private init(path: [Step], isKey: Bool, _ node: SyntaxNode, _ isJSON: Bool) {
        let range = node.span.range
        let isQuoted = (node.style == .doubleQuoted || node.style == .singleQuoted) && range.count >= 2
        self.init(
            path: path, isKey: isKey, word: isQuoted ? range.lowerBound + 1..<range.upperBound - 1 : range,
            token: range, notation: isJSON ? .json : .block)
    }
}

extension Span {
    /// Whether an offset stands in it or at its end.
    func touches(_ offset: Int) -> Bool { range.lowerBound <= offset && offset <= range.upperBound }
}
