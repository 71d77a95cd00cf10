import ImflowIR
import ImflowSyntax

/// Puts the members of the mappings that the key table knows into the table's order. Keys that it does not know keep
/// their own: those above the first known key stay at the top, the others go to the end. All other mappings (schemas,
/// inputs, environments, labels, an author's own) are left as they are.
struct KeyOrder {
    private let aliases: AliasOrder

    init(_ tree: SyntaxTree, anchors: [Int: [UInt8]]) { aliases = AliasOrder(tree, anchors: anchors) }

    func sort(_ node: inout FormatNode, _ block: KeyBlock) {
        guard case .mapping(var entries) = node.content else { return }
        for index in entries.indices {
            guard let name = entries[index].key?.text, let type = block[name]?.type else { continue }
            sort(&entries[index].value, type)
        }
        let sorted = Self.sorted(entries.map { $0.key?.text ?? "" }, block).map { entries[$0] }
        if aliases.allow(sorted.map(\.nodes), within: entries.map(\.nodes)) { entries = sorted }
        node.content = .mapping(entries)
    }

    private func sort(_ node: inout FormatNode, _ type: KeyType) {
        switch (type, node.content) {
        case (.block(let block), _), (.gpu(let block), _), (.toggle(let block), _): sort(&node, block)
        case (.blocks(let block), .sequence(var entries)):
            for index in entries.indices { sort(&entries[index].value, block) }
            node.content = .sequence(entries)
        default: break
        }
    }

    /// The canonical order of keys, as indices of `names`.
    static func sorted(_ names: [String], _ block: KeyBlock) -> [Int] {
        let places = Dictionary(
            block.keys.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let firstKnown = names.firstIndex { places[$0] != nil } ?? names.count
        let known = names.indices.filter { places[names[$0]] != nil }
            .sorted { (places[names[$0]] ?? 0, $0) < (places[names[$1]] ?? 0, $1) }
        return Array(0..<firstKnown) + known + (firstKnown..<names.count).filter { places[names[$0]] == nil }
    }
}

/// Whether entries may change places: an anchor must stay before the aliases that mean it, and no other anchor of its
/// name may come between.
private struct AliasOrder {
    /// By place in the document.
    private let aliases: [(index: Int, target: Int)]
    private let names: [Int: [UInt8]]
    /// The nodes that each name marks, in order.
    private let marked: [[UInt8]: [Int]]

    init(_ tree: SyntaxTree, anchors: [Int: [UInt8]]) {
        aliases = tree.records.indices.filter { tree.records[$0].kind == .alias }
            .map { ($0, Int(tree.records[$0].payload)) }
        names = anchors
        marked = Dictionary(grouping: anchors.keys.sorted()) { anchors[$0] ?? [] }
    }

    func allow(_ sorted: [Range<Int>], within ranges: [Range<Int>]) -> Bool {
        guard !aliases.isEmpty, let first = ranges.first, let last = ranges.last, sorted != ranges else { return true }
        let block = first.lowerBound..<last.upperBound
        let places = Dictionary(sorted.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { $1 })
        func entry(of node: Int) -> Range<Int>? {
            guard block.contains(node) else { return nil }
            return ranges[Self.firstIndex(in: ranges.count) { ranges[$0].upperBound > node }]
        }
        // A name that marks values of two entries means the later one from there on.
        for nodes in marked.values where count(nodes, in: block) > 1 {
            let first = nodes[Self.firstIndex(in: nodes.count) { nodes[$0] >= block.lowerBound }]
            if let own = entry(of: first), count(nodes, in: own) < count(nodes, in: block) { return false }
        }
        let from = Self.firstIndex(in: aliases.count) { aliases[$0].index >= block.lowerBound }
        for (index, target) in aliases[from...].prefix(while: { block.contains($0.index) }) {
            guard let user = entry(of: index), let name = names[target] else { return false }
            let definition = entry(of: target)
            if definition == user { continue }
            if let definition {
                guard let before = places[definition], let after = places[user], before < after else { return false }
            } else if count(marked[name] ?? [], in: block) > count(marked[name] ?? [], in: user) {
                return false
            }
        }
        return true
    }

    private func count(_ nodes: [Int], in range: Range<Int>) -> Int {
        Self.firstIndex(in: nodes.count) { nodes[$0] >= range.upperBound }
            - Self.firstIndex(in: nodes.count) { nodes[$0] >= range.lowerBound }
    }

    /// The first of `0..<count` for which a condition holds that stays true once it is; `count` when it never does.
    private static func firstIndex(in count: Int, where condition: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if condition(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
