package import ImflowDiagnostics

/// Keys that their mapping has already, over the whole tree, in YAML and JSON alike. Keys are equal when their
/// texts are: `1` and `"1"` would be one member of a JSON object. Linear in the tree.
/// - Parameter limit: the most findings; more say nothing new.
package func duplicateKeys(in tree: SyntaxTree, limit: Int = 100) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    var keys: [Int] = []
    for index in tree.records.indices where tree.records[index].kind == .mapping {
        keys.removeAll(keepingCapacity: true)
        var isKey = true
        for child in tree.children(of: index) {
            if isKey { keys.append(child) }
            isKey.toggle()
        }
        for (key, earlier) in repeated(keys, in: tree) {
            guard diagnostics.count < limit else { return diagnostics }
            let node = SyntaxNode(tree: tree, index: key)
            diagnostics.append(
                Diagnostic(
                    .duplicateKey, "duplicate key \"\(node.scalarText ?? "")\"", at: node.span,
                    secondary: [Label(tree.span(at: earlier), "first defined here")],
                    help: node.isMergeKey ? "merge several mappings with one key: `<<: [*first, *second]`" : nil,
                    fixes: removal(of: key, repeating: earlier, keys, SyntaxNode(tree: tree, index: index))))
        }
    }
    return diagnostics
}

private func removal(of key: Int, repeating first: Int, _ keys: [Int], _ mapping: SyntaxNode) -> [FixIt] {
    let tree = mapping.tree
    func member(_ key: Int) -> RepeatedMember.Member? {
        let value = Int(tree.records[key].next)
        guard value < Int(tree.records[mapping.index].next) else { return nil }
        return (SyntaxNode(tree: tree, index: key), SyntaxNode(tree: tree, index: value))
    }
    guard let place = keys.firstIndex(of: key), place > 0, let previous = member(keys[place - 1]),
        let repeated = member(key), let earlier = member(first)
    else { return [] }
    let fix = RepeatedMember.removal(of: repeated, after: previous, first: earlier, isFlow: mapping.style == .flow)
    return fix.map { [$0] } ?? []
}

/// The scalar keys among `keys` that have the text of an earlier one, each with the first of them.
private func repeated(_ keys: [Int], in tree: SyntaxTree) -> [(key: Int, first: Int)] {
    // A handful of keys, which is what nearly every mapping has, is compared faster than it is hashed.
    guard keys.count > 12 else {
        var found: [(key: Int, first: Int)] = []
        for (position, key) in keys.enumerated().dropFirst() {
            guard let text = tree.text(at: key) else { continue }
            if let first = keys[..<position].first(where: { tree.text(at: $0) == text }) { found.append((key, first)) }
        }
        return found
    }
    var first: [String: Int] = Dictionary(minimumCapacity: keys.count)
    return keys.compactMap { key in
        guard let text = tree.text(at: key) else { return nil }
        if let earlier = first[text] { return (key, earlier) }
        first[text] = key
        return nil
    }
}
