package import ImflowDiagnostics

extension SyntaxTree {
    static let mergeKey = "<<"
}

extension SyntaxNode {
    /// Whether this is the key `<<` of YAML's merge type: plain, and without another tag.
    package var isMergeKey: Bool {
        guard scalarText == SyntaxTree.mergeKey else { return false }
        return tag.map { $0 == CoreScalar.tagPrefix + "merge" } ?? (style == .plain)
    }

    /// A mapping's members with every `<<` replaced by what it merges: own keys win over merged ones, earlier
    /// mappings of a list over later ones. Repeated own keys stay. Every key and value keeps its own span. The
    /// size is bounded by ``SyntaxLimits/expandedNodes``; merges of anything but mappings add nothing.
    package var mergedMembers: [(key: SyntaxNode, value: SyntaxNode)] {
        let own = members
        guard own.contains(where: { $0.key.isMergeKey }) else { return own }
        var seen = Set(own.compactMap { $0.key.isMergeKey ? nil : $0.key.scalarText })
        var merged: [(key: SyntaxNode, value: SyntaxNode)] = []
        for (key, value) in own {
            guard key.isMergeKey else {
                merged.append((key, value))
                continue
            }
            for mapping in value.kind == .sequence ? value.items : [value] {
                let added = mapping.mergedMembers.filter { member in
                    member.key.scalarText.map { !seen.contains($0) } ?? true
                }
                seen.formUnion(added.compactMap(\.key.scalarText))
                merged += added
            }
        }
        return merged
    }
}

/// A note on every `<<`, and an error on those that merge no mapping. Linear in the tree.
package func mergeKeys(in tree: SyntaxTree) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    // Hardly any text has one, and a look at the texts is much cheaper than a walk over the mappings.
    guard tree.texts.contains(SyntaxTree.mergeKey) else { return [] }
    // Of what several `<<` merge by its name, the first one tells.
    var told: Set<Int> = []
    for index in tree.records.indices where tree.records[index].kind == .mapping {
        for (key, value) in SyntaxNode(tree: tree, index: index).members where key.isMergeKey {
            let merged = value.kind == .sequence ? value.items : [value]
            if let wrong = merged.first(where: { $0.kind != .mapping && $0.kind != .hole }) {
                guard told.insert(wrong.index).inserted else { continue }
                diagnostics.append(
                    Diagnostic(
                        .invalidMerge, "`<<` merges mappings, and this is none", at: wrong.span,
                        secondary: [Label(key.span, "the merge")],
                        help: "write `<<: *name` or `<<: [*first, *second]`, where each name marks a mapping"))
            } else {
                diagnostics.append(
                    Diagnostic(
                        .mergeKey, "`<<` merges the keys of another mapping into this one", at: key.span,
                        notes: ["the keys written here win over merged ones; YAML 1.2 no longer defines `<<`"]))
            }
        }
    }
    return diagnostics
}
