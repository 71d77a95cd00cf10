package import ImflowDiagnostics

/// Keys that their mapping has already, over the whole tree, in YAML and JSON alike. Keys are equal when their
/// texts are: `1` and `"1"` would be one member of a JSON object. Linear in the tree.
/// - Parameter limit: the most findings; more say nothing new.
package func duplicateKeys(in tree: SyntaxTree, limit: Int = 100) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    for index in tree.records.indices where tree.records[index].kind == .mapping {
        var first: [String: Span] = [:]
        for (key, _) in SyntaxNode(tree: tree, index: index).members {
            guard diagnostics.count < limit else { return diagnostics }
            guard let name = key.scalarText else { continue }
            guard let earlier = first.updateValue(key.span, forKey: name) else { continue }
            first[name] = earlier
            diagnostics.append(
                Diagnostic(
                    .duplicateKey, "duplicate key \"\(name)\"", at: key.span,
                    secondary: [Label(earlier, "first defined here")],
                    help: key.isMergeKey ? "merge several mappings with one key: `<<: [*first, *second]`" : nil))
        }
    }
    return diagnostics
}
