package import ImflowDiagnostics

/// What a YAML or JSON text says, with the place of every key and value. A flat arena: node `i`'s subtree is
/// `i ..< next(i)`, so walks and skips need no recursion. Aliases are expanded when nodes are read, under a limit.
package final class SyntaxTree: Sendable {
    package enum Kind: UInt8, Sendable { case scalar, sequence, mapping, alias, hole }
    package enum Style: UInt8, Sendable { case plain, singleQuoted, doubleQuoted, literal, folded, flow, block, json }

    package struct Record: Sendable {
        package var kind: Kind
        package var style: Style
        /// Byte range in the source: of a scalar with its quotes; of a collection from its first to its last token.
        package var start: Int32
        package var end: Int32
        /// The index just past this node's subtree.
        package var next: Int32
        /// Into ``texts`` for scalars; the target's index for aliases.
        package var payload: Int32

        package init(kind: Kind, style: Style, start: Int32, end: Int32, next: Int32, payload: Int32) {
            self.kind = kind
            self.style = style
            self.start = start
            self.end = end
            self.next = next
            self.payload = payload
        }
    }

    package let source: Source
    package let records: [Record]
    package let texts: [String]
    /// Explicit tags by node index, such as `tag:yaml.org,2002:str`.
    package let tags: [Int32: String]

    package init(source: Source, records: [Record], texts: [String], tags: [Int32: String] = [:]) {
        self.source = source
        self.records = records
        self.texts = texts
        self.tags = tags
    }

    /// The document's value; nil for an empty document.
    package var root: SyntaxNode? { records.isEmpty ? nil : SyntaxNode(tree: self, index: 0) }
}

/// One value in a ``SyntaxTree``. Cheap to copy.
package struct SyntaxNode: Sendable {
    package let tree: SyntaxTree
    /// The node's own index, with aliases followed.
    package let index: Int
    /// Where the value stands in the text: for an alias, the `*name` that refers to it.
    package let span: Span

    package init(tree: SyntaxTree, index: Int) {
        self.tree = tree
        let record = tree.records[index]
        span = Span(tree.source, Int(record.start)..<Int(record.end))
        self.index = record.kind == .alias ? Int(record.payload) : index
    }

    private var record: SyntaxTree.Record { tree.records[index] }

    package var kind: SyntaxTree.Kind { record.kind }
    package var style: SyntaxTree.Style { record.style }
    package var tag: String? { tree.tags[Int32(index)] }

    /// A scalar's text after unescaping and folding; nil for collections.
    package var scalarText: String? { record.kind == .scalar ? tree.texts[Int(record.payload)] : nil }

    /// A sequence's items; empty for other kinds.
    package var items: [SyntaxNode] { record.kind == .sequence ? children : [] }

    /// A mapping's members in document order, repeated keys included; empty for other kinds.
    /// `<<` merge keys stand as they were written.
    package var members: [(key: SyntaxNode, value: SyntaxNode)] {
        guard record.kind == .mapping else { return [] }
        let nodes = children
        return stride(from: 0, to: nodes.count - 1, by: 2).map { (nodes[$0], nodes[$0 + 1]) }
    }

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
