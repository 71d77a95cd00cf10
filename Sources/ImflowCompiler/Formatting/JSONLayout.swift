import ImflowIR
import ImflowSyntax

/// Writes a JSON text: two spaces a level, members of known blocks in the key table's order. What the author wrote in
/// one line stays in one line where it fits; numbers and strings keep their bytes.
struct JSONLayout {
    private let tree: SyntaxTree
    private var out: [UInt8] = []
    private var lineStart = 0

    static func text(of tree: SyntaxTree, _ block: KeyBlock) -> [UInt8] {
        var layout = JSONLayout(tree: tree)
        layout.write(0, .block(block), indent: 0)
        return layout.out + [0x0A]
    }

    private init(tree: SyntaxTree) { self.tree = tree }

    private mutating func write(_ index: Int, _ type: KeyType?, indent: Int) {
        switch tree.records[index].kind {
        case .mapping, .sequence:
            let start = out.count
            let isOneLine = index != 0 && bytes(index).count <= 4 * YAMLLayout.width && isInOneLine(index)
            if isOneLine {
                writeLine(index, type)
                if out.count - lineStart < YAMLLayout.width || children(index, type).isEmpty { return }
                out.removeSubrange(start...)
            }
            writeLines(index, type, indent: indent)
        case .scalar, .alias, .hole: out += bytes(index)
        }
    }

    private mutating func writeLine(_ index: Int, _ type: KeyType?) {
        let isMapping = tree.records[index].kind == .mapping
        guard isMapping || tree.records[index].kind == .sequence else { return out += bytes(index) }
        let children = children(index, type)
        out += (isMapping ? "{" : "[").utf8
        for (number, child) in children.enumerated() {
            out += (number > 0 ? ", " : isMapping ? " " : "").utf8
            if let key = child.key { out += bytes(key) + ": ".utf8 }
            writeLine(child.value, child.type)
        }
        out += (isMapping ? children.isEmpty ? "}" : " }" : "]").utf8
    }

    private mutating func writeLines(_ index: Int, _ type: KeyType?, indent: Int) {
        let isMapping = tree.records[index].kind == .mapping
        let children = children(index, type)
        out += (isMapping ? "{" : "[").utf8
        for (number, child) in children.enumerated() {
            newLine(indent + 2, behind: number > 0 ? "," : "")
            if let key = child.key { out += bytes(key) + ": ".utf8 }
            write(child.value, child.type, indent: indent + 2)
        }
        if !children.isEmpty { newLine(indent) }
        out += (isMapping ? "}" : "]").utf8
    }

    private mutating func newLine(_ indent: Int, behind mark: String = "") {
        out += mark.utf8
        out.append(0x0A)
        lineStart = out.count
        out += repeatElement(0x20, count: indent)
    }

    private func bytes(_ index: Int) -> ArraySlice<UInt8> {
        tree.source.bytes[Int(tree.records[index].start)..<Int(tree.records[index].end)]
    }

    private func isInOneLine(_ index: Int) -> Bool { bytes(index).allSatisfy { $0 != 0x0A && $0 != 0x0D } }

    private struct Child {
        var key: Int?
        var value: Int
        var type: KeyType?
    }

    private func children(_ index: Int, _ type: KeyType?) -> [Child] {
        let record = tree.records[index]
        var nodes: [Int] = []
        var next = index + 1
        while next < Int(record.next) {
            nodes.append(next)
            next = Int(tree.records[next].next)
        }
        guard record.kind == .mapping else {
            guard case .blocks(let block) = type else { return nodes.map { Child(value: $0) } }
            return nodes.map { Child(value: $0, type: .block(block)) }
        }
        let pairs = stride(from: 0, to: nodes.count - 1, by: 2).map { (key: nodes[$0], value: nodes[$0 + 1]) }
        let block: KeyBlock
        switch type {
        case .block(let own), .gpu(let own), .toggle(let own): block = own
        default: return pairs.map { Child(key: $0.key, value: $0.value) }
        }
        let names = pairs.map { tree.texts[Int(tree.records[$0.key].payload)] }
        return KeyOrder.sorted(names, block).map { place in
            Child(key: pairs[place].key, value: pairs[place].value, type: block[names[place]]?.type)
        }
    }
}
