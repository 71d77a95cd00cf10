package import ImflowDiagnostics

/// One value in a ``SyntaxTree``. Cheap to copy.
package struct SyntaxNode: Sendable {
    /// The tree it belongs to.
    package let tree: SyntaxTree
    /// The node's own index, with aliases followed.
    package let index: Int
    /// Where the value stands in the text: for an alias, the `*name` that refers to it.
    package let span: Span

    /// The node at `index`; an alias there is followed, and keeps its own span.
    package init(tree: SyntaxTree, index: Int) {
        self.tree = tree
        let record = tree.records[index]
        span = Span(tree.source, Int(record.start)..<Int(record.end))
        self.index = record.kind == .alias ? Int(record.payload) : index
    }

    private var record: SyntaxTree.Record { tree.records[index] }

    /// What it is; never `.alias`, since aliases are followed.
    package var kind: SyntaxTree.Kind { record.kind }

    /// How it is written; of an alias, how its target is.
    package var style: SyntaxTree.Style { record.style }

    /// The explicit tag, resolved (`!!int` is `tag:yaml.org,2002:int`); nil when there is none.
    package var tag: String? { tree.tags[Int32(index)] }

    /// A scalar's text after unescaping and folding; nil for other kinds.
    package var scalarText: String? { record.kind == .scalar ? tree.texts[Int(record.payload)] : nil }

    /// A sequence's items; empty for other kinds.
    package var items: [SyntaxNode] { record.kind == .sequence ? children : [] }

    /// A mapping's members in document order, repeated keys included; empty for other kinds.
    /// `<<` merge keys stand as they were written: see ``mergedMembers``.
    package var members: [(key: SyntaxNode, value: SyntaxNode)] {
        guard record.kind == .mapping else { return [] }
        let nodes = children
        return stride(from: 0, to: nodes.count - 1, by: 2).map { (nodes[$0], nodes[$0 + 1]) }
    }

    /// Whether reading stopped inside this collection, so that it may have more than is seen here.
    package var isCut: Bool { !tree.isComplete && Int(record.next) == tree.records.count }

    private var children: [SyntaxNode] {
        var nodes: [SyntaxNode] = []
        var child = index + 1
        while child < Int(record.next) {
            nodes.append(SyntaxNode(tree: tree, index: child))
            child = Int(tree.records[child].next)
        }
        return nodes
    }
}
