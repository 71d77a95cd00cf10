package import ImflowDiagnostics

/// What a YAML or JSON text says, with the place of every key and value. A flat arena: node `i`'s subtree is
/// `i ..< next(i)`, so walks and skips need no recursion. Aliases are expanded when nodes are read; the parser
/// has already bounded how much and how deep that can grow, and has replaced aliases beyond the bound by holes.
package final class SyntaxTree: Sendable {
    /// A `hole` stands for a value that could not be read and has been reported; rules skip it.
    package enum Kind: UInt8, Sendable { case scalar, sequence, mapping, alias, hole }

    /// How the author wrote it. JSON is written in `doubleQuoted` strings, `plain` numbers and words, and `flow`.
    package enum Style: UInt8, Sendable { case plain, singleQuoted, doubleQuoted, literal, folded, flow, block }

    /// One node of the arena.
    package struct Record: Sendable {
        /// What the node is.
        package var kind: Kind
        /// How it is written.
        package var style: Style
        /// First byte in the source: of a quoted scalar its quote, of a block scalar its `|` or `>`, of a collection
        /// its first token. Anchors and tags stand before it.
        package var start: Int32
        /// Just past the last byte. A block scalar ends before the line break of its last line of text; a block
        /// collection ends where its last child does.
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

    /// The text the tree was read from.
    package let source: Source
    /// All nodes in document order; the first is the root.
    package let records: [Record]
    /// The scalars' texts, after unescaping and folding.
    package let texts: [String]
    /// Explicit tags by node index, such as `tag:yaml.org,2002:str`.
    package let tags: [Int32: String]
    /// False when reading stopped early (a syntax error, a limit): keys may be missing that the author wrote, so
    /// a rule should not complain of what is absent.
    package let isComplete: Bool
    /// Whether it was read as JSON.
    package let isJSON: Bool

    package init(
        source: Source, records: [Record], texts: [String], tags: [Int32: String] = [:], isComplete: Bool = true,
        isJSON: Bool = false
    ) {
        self.isJSON = isJSON
        self.source = source
        self.records = records
        self.texts = texts
        self.tags = tags
        self.isComplete = isComplete
    }

    /// The document's value; nil for an empty document.
    package var root: SyntaxNode? { records.isEmpty ? nil : SyntaxNode(tree: self, index: 0) }
}

extension SyntaxTree {
    /// The indexes of a collection's direct children, in document order; in a mapping keys and values alternate.
    struct Children: Sequence, IteratorProtocol {
        private let tree: SyntaxTree
        private var child: Int
        private let end: Int

        init(_ tree: SyntaxTree, of index: Int) {
            self.tree = tree
            child = index + 1
            end = Int(tree.records[index].next)
        }

        mutating func next() -> Int? {
            guard child < end else { return nil }
            defer { child = Int(tree.records[child].next) }
            return child
        }
    }

    func children(of index: Int) -> Children { Children(self, of: index) }

    /// The index of what stands at `index`: of an alias, its target.
    func followed(_ index: Int) -> Int {
        let record = records[index]
        return record.kind == .alias ? Int(record.payload) : index
    }

    /// The text of the scalar at `index`, aliases followed; nil for other kinds.
    func text(at index: Int) -> String? {
        let record = records[followed(index)]
        return record.kind == .scalar ? texts[Int(record.payload)] : nil
    }

    func span(at index: Int) -> Span { Span(source, Int(records[index].start)..<Int(records[index].end)) }
}
