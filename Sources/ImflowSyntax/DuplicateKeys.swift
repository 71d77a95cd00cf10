package import ImflowDiagnostics

/// Keys that their mapping has already, over the whole tree, in YAML and JSON alike. Keys are equal when their
/// texts are: `1` and `"1"` would be one member of a JSON object. Linear in the tree.
/// - Parameter limit: the most findings; more say nothing new.
package func duplicateKeys(in tree: SyntaxTree, limit: Int = 100) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    for index in tree.records.indices where tree.records[index].kind == .mapping {
        var first: [String: RepeatedMember.Member] = [:]
        var previous: RepeatedMember.Member?
        for member in SyntaxNode(tree: tree, index: index).members {
            guard diagnostics.count < limit else { return diagnostics }
            defer { previous = member }
            let key = member.key
            guard let name = key.scalarText else { continue }
            guard let earlier = first.updateValue(member, forKey: name) else { continue }
            first[name] = earlier
            let isFlow = tree.records[index].style == .flow
            let fix = previous.flatMap {
                RepeatedMember.removal(of: member, after: $0, first: earlier, isFlow: isFlow)
            }
            diagnostics.append(
                Diagnostic(
                    .duplicateKey, "duplicate key \"\(name)\"", at: key.span,
                    secondary: [Label(earlier.key.span, "first defined here")],
                    help: key.isMergeKey ? "merge several mappings with one key: `<<: [*first, *second]`" : nil,
                    fixes: fix.map { [$0] } ?? []))
        }
    }
    return diagnostics
}
