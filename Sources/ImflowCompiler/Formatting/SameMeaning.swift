import ImflowIR
import ImflowSyntax

/// Whether two trees say the same: equal scalars, tags, items and members, members in the same order but where the key
/// table gives them one. Aliases count as what they stand for.
enum SameMeaning {
    static func holds(_ left: SyntaxTree, _ right: SyntaxTree, _ block: KeyBlock) -> Bool {
        guard left.isComplete, right.isComplete else { return false }
        switch (left.root, right.root) {
        case (nil, nil): return true
        case (let left?, let right?): return holds(left, right, .block(block))
        default: return false
        }
    }

    private static func holds(_ left: SyntaxNode, _ right: SyntaxNode, _ type: KeyType?) -> Bool {
        guard left.kind == right.kind, left.tag == right.tag else { return false }
        switch left.kind {
        case .scalar: return isSame(left, right)
        case .sequence: return items(left.items, right.items, type)
        case .mapping: return members(left, right, type)
        case .alias, .hole: return false
        }
    }

    /// Nothing is nothing, however it is written; of all others the text counts as well.
    private static func isSame(_ left: SyntaxNode, _ right: SyntaxNode) -> Bool {
        switch (left.coreValue, right.coreValue) {
        case (.null?, .null?): true
        case (.float(let a)?, .float(let b)?): a.bitPattern == b.bitPattern && left.scalarText == right.scalarText
        case (let a, let b): a == b && left.scalarText == right.scalarText
        }
    }

    private static func items(_ left: [SyntaxNode], _ right: [SyntaxNode], _ type: KeyType?) -> Bool {
        guard left.count == right.count else { return false }
        var itemType: KeyType?
        if case .blocks(let block) = type { itemType = .block(block) }
        return zip(left, right).allSatisfy { holds($0, $1, itemType) }
    }

    private static func members(_ left: SyntaxNode, _ right: SyntaxNode, _ type: KeyType?) -> Bool {
        var (left, right) = (left.members, right.members)
        guard left.count == right.count else { return false }
        var block: KeyBlock?
        switch type {
        case .block(let own), .gpu(let own), .toggle(let own):
            block = own
            let key = { (member: (key: SyntaxNode, value: SyntaxNode)) in member.key.scalarText ?? "" }
            // Equal keys keep their order: the last one may be the one that counts.
            let sort = { (members: [(key: SyntaxNode, value: SyntaxNode)]) in
                members.enumerated().sorted { (key($0.element), $0.offset) < (key($1.element), $1.offset) }
                    .map(\.element)
            }
            (left, right) = (sort(left), sort(right))
        default: break
        }
        return zip(left, right).allSatisfy { left, right in
            holds(left.key, right.key, nil)
                && holds(left.value, right.value, left.key.scalarText.flatMap { block?[$0]?.type })
        }
    }
}
