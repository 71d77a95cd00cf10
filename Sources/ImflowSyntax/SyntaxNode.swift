package import ImflowDiagnostics

/// One value in a ``SyntaxTree``. Cheap to copy.
package struct SyntaxNode: Sendable {
    /// The tree it belongs to.
    package let tree: SyntaxTree
    /// The node's own index, with aliases followed.
    package let index: Int
    /// Where it stands in the arena: for an alias, the alias itself.
    private let position: Int

    /// The node at `index`; an alias there is followed, and keeps its own span.
    package init(tree: SyntaxTree, index: Int) {
        self.tree = tree
        position = index
        self.index = tree.followed(index)
    }

    /// Where the value stands in the text: for an alias, the `*name` that refers to it.
    package var span: Span {
        let record = tree.records[position]
        return Span(tree.source, Int(record.start)..<Int(record.end))
    }

    private var record: SyntaxTree.Record { tree.records[index] }

    /// What it is; never `.alias`, since aliases are followed.
    package var kind: SyntaxTree.Kind { record.kind }

    /// How it is written; of an alias, how its target is.
    package var style: SyntaxTree.Style { record.style }

    /// The explicit tag, resolved (`!!int` is `tag:yaml.org,2002:int`); nil when there is none.
    package var tag: String? { tree.tags.isEmpty ? nil : tree.tags[Int32(index)] }

    /// A scalar's text after unescaping and folding; nil for other kinds.
    package var scalarText: String? { record.kind == .scalar ? tree.texts[Int(record.payload)] : nil }

    /// A sequence's items; empty for other kinds.
    package var items: [SyntaxNode] {
        guard record.kind == .sequence else { return [] }
        return tree.children(of: index).map { SyntaxNode(tree: tree, index: $0) }
    }

    /// Whether reading stopped inside this collection, so that it may have more than is seen here.
    package var isCut: Bool { !tree.isComplete && Int(record.next) == tree.records.count }

    /// A mapping's members in document order, repeated keys included; empty for other kinds.
    /// `<<` merge keys stand as they were written: see ``mergedMembers``.
    package var members: [(key: SyntaxNode, value: SyntaxNode)] {
        guard record.kind == .mapping else { return [] }
        var members: [(key: SyntaxNode, value: SyntaxNode)] = []
        members.reserveCapacity(8)
        var nodes = tree.children(of: index).makeIterator()
        while let key = nodes.next(), let value = nodes.next() {
            members.append((SyntaxNode(tree: tree, index: key), SyntaxNode(tree: tree, index: value)))
        }
        return members
    }
}
