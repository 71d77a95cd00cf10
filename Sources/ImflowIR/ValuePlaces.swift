package import ImflowDiagnostics
import ImflowSyntax

/// Where the parts of a JSON value stand that was read from a file. Trees are not kept, since of most values nobody
/// ever asks: the text is read again.
package struct ValuePlaces: Sendable {
    /// The whole value, and its node in the text's tree.
    private let whole: Span?
    private let index: Int

    /// Of a value that stands in no file.
    package init() {
        whole = nil
        index = 0
    }

    init(_ node: SyntaxNode) {
        whole = node.span
        index = node.index
    }

    /// Where the value of the member `name` stands; nil when there is none.
    package subscript(name: String) -> Span? { root.flatMap { Self.member(name, of: $0)?.value.span } }

    /// Where the value at a JSON pointer (RFC 6901) stands, or the name of that member. Of a part that is not there:
    /// where the nearest around it stands. Nil when the value stands in no file.
    package func span(at pointer: String, isName: Bool = false) -> Span? {
        root.map { Self.span(at: pointer, isName: isName, in: $0) } ?? whole
    }

    /// The same of many pointers, for one reading of the text.
    package func spans(at pointers: [(pointer: String, isName: Bool)]) -> [Span?] {
        guard !pointers.isEmpty, let root else { return pointers.map { _ in whole } }
        return pointers.map { Self.span(at: $0.pointer, isName: $0.isName, in: root) }
    }

    private var root: SyntaxNode? {
        guard let whole else { return nil }
        let tree = parse(whole.source).tree
        return tree.records.indices.contains(index) ? SyntaxNode(tree: tree, index: index) : nil
    }

    private static func span(at pointer: String, isName: Bool, in root: SyntaxNode) -> Span {
        var node = root
        var span = node.span
        for name in JSONPointerText.names(in: pointer) {
            if node.kind == .sequence {
                let items = node.items
                guard let index = Int(name), items.indices.contains(index) else { return span }
                node = items[index]
                span = node.span
            } else {
                guard let (key, value) = member(name, of: node) else { return span }
                node = value
                span = isName ? key.span : value.span
            }
        }
        return span
    }

    /// Of a repeated name the last, as in the value.
    private static func member(_ name: String, of node: SyntaxNode) -> (key: SyntaxNode, value: SyntaxNode)? {
        node.mergedMembers.last { $0.key.scalarText == name }
    }
}
