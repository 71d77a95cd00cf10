import Glibc
import ImflowDiagnostics
import ImflowSyntax
import Testing

/// A YAML text of a test.
func yaml(_ text: String, limits: SyntaxLimits = SyntaxLimits()) -> SyntaxResult {
    parseYAML(Source(name: "model.yaml", bytes: Array(text.utf8)), limits: limits)
}

/// A JSON text of a test.
func json(_ text: String, limits: SyntaxLimits = SyntaxLimits()) -> SyntaxResult {
    parseJSON(Source(name: "job.json", bytes: Array(text.utf8)), limits: limits)
}

/// The root, which a test expects to be there.
func rootOf(_ result: SyntaxResult) throws -> SyntaxNode { try #require(result.tree.root) }

extension SyntaxNode {
    /// The value at a path of keys and indices; `"#key"` is the node of the key itself.
    func at(_ path: String...) -> SyntaxNode? {
        var node: SyntaxNode? = self
        for part in path {
            if part.hasPrefix("#") {
                node = node?.members.first { $0.key.scalarText == String(part.dropFirst()) }?.key
            } else if let index = Int(part), node?.kind == .sequence {
                node = node.flatMap { $0.items.indices.contains(index) ? $0.items[index] : nil }
            } else {
                node = node?.mergedMembers.first { $0.key.scalarText == part }?.value
            }
        }
        return node
    }

    /// The source text of the span.
    var sourceText: String { span.text }
}

extension Span {
    var text: String { String(decoding: source.bytes[range], as: UTF8.self) }
}

/// What is wrong with the shape of a tree; nil when every node lies in the source, in its parent, and after its
/// elder sibling, every mapping has pairs, and every alias points back.
func shapeFault(_ tree: SyntaxTree) -> String? {
    var stack: [(next: Int, end: Int, place: Int, index: Int, children: Int)] = []
    func close() -> String? {
        guard let frame = stack.popLast() else { return nil }
        let isMapping = tree.records[frame.index].kind == .mapping
        return isMapping && frame.children % 2 == 1 ? "mapping \(frame.index) has a key without a value" : nil
    }
    for (index, record) in tree.records.enumerated() {
        while let top = stack.last, top.next == index { if let fault = close() { return fault } }
        let (start, end, next) = (Int(record.start), Int(record.end), Int(record.next))
        guard start >= 0, start <= end, end <= tree.source.bytes.count else { return "node \(index) is outside" }
        guard next > index, next <= tree.records.count else { return "node \(index) has no subtree" }
        if index > 0 {
            guard let parent = stack.last else { return "node \(index) is a second root" }
            guard start >= parent.place, end <= parent.end else { return "node \(index) is not in its parent" }
            guard next <= parent.next else { return "the subtree of node \(index) is too long" }
            stack[stack.count - 1].place = end
            stack[stack.count - 1].children += 1
        }
        switch record.kind {
        case .alias:
            guard record.payload >= 0, record.payload < index else { return "alias \(index) points forward" }
            guard tree.records[Int(record.payload)].kind != .alias else { return "alias \(index) names an alias" }
        case .scalar:
            guard tree.texts.indices.contains(Int(record.payload)) else { return "scalar \(index) has no text" }
        case .mapping, .sequence: stack.append((next, end, start, index, 0))
        case .hole: break
        }
        if record.kind != .mapping, record.kind != .sequence, next != index + 1 { return "leaf \(index) has children" }
    }
    while !stack.isEmpty { if let fault = close() { return fault } }
    return nil
}

/// xorshift64*: the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// The processor time that this thread has used.
func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
