/// A regular expression as a tree.
indirect enum PatternNode {
    case nothing
    case set(ScalarSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// `maximum` is nil when there is none.
    case repetition(PatternNode, minimum: Int, maximum: Int?)
    case check(Condition)

    /// What reads nothing.
    enum Condition: Sendable {
        case start
        case end
        case wordBoundary(Bool)

        func holds(before: Unicode.Scalar?, next: Unicode.Scalar?) -> Bool {
            switch self {
            case .start: return before == nil
            case .end: return next == nil
            case .wordBoundary(let wanted):
                let left = before.map(ScalarSet.word.contains) ?? false
                let right = next.map(ScalarSet.word.contains) ?? false
                return (left != right) == wanted
            }
        }
    }
}

/// Lays a tree out as instructions.
struct PatternProgram {
    /// Patterns that need more states are refused.
    static let maximumStates = 5_000

    private var instructions: [PatternInstruction] = []
    private let source: String

    static func instructions(of tree: PatternNode, source: String) throws(PatternError) -> [PatternInstruction] {
        var program = PatternProgram(source: source)
        try program.lay(tree)
        try program.add(.match)
        return program.instructions
    }

    private init(source: String) { self.source = source }

    private mutating func add(_ instruction: PatternInstruction) throws(PatternError) {
        guard instructions.count < Self.maximumStates else {
            throw PatternError(
                sentence: "the pattern `\(source)` is too large: it needs over \(Self.maximumStates) states; "
                    + "use smaller numbers in `{…}`")
        }
        instructions.append(instruction)
    }

    private mutating func lay(_ node: PatternNode) throws(PatternError) {
        switch node {
        case .nothing: break
        case .set(let set): try add(.read(set))
        case .check(let condition): try add(.check(condition))
        case .sequence(let nodes): for node in nodes { try lay(node) }
        case .choice(let nodes): try choice(nodes[...])
        case .repetition(let node, let minimum, let maximum):
            for _ in 0..<minimum { try copy(of: node) }
            if let maximum { try optional(node, times: maximum - minimum) } else { try loop(node) }
        }
    }

    /// A copy that lays nothing still counts, so that repetitions of nothing are bounded, too.
    private mutating func copy(of node: PatternNode) throws(PatternError) {
        let start = instructions.count
        try lay(node)
        if instructions.count == start { try add(.jump(start + 1)) }
    }

    private mutating func choice(_ nodes: ArraySlice<PatternNode>) throws(PatternError) {
        var ends: [Int] = []
        for (offset, node) in nodes.enumerated() {
            let last = offset == nodes.count - 1
            let fork = instructions.count
            if !last { try add(.jump(0)) }
            try lay(node)
            if last { break }
            ends.append(instructions.count)
            try add(.jump(0))
            instructions[fork] = .fork(fork + 1, instructions.count)
        }
        for end in ends { instructions[end] = .jump(instructions.count) }
    }

    private mutating func loop(_ node: PatternNode) throws(PatternError) {
        let start = instructions.count
        try add(.jump(0))
        try lay(node)
        try add(.jump(start))
        instructions[start] = .fork(start + 1, instructions.count)
    }

    private mutating func optional(_ node: PatternNode, times: Int) throws(PatternError) {
        var forks: [Int] = []
        for _ in 0..<times {
            forks.append(instructions.count)
            try add(.jump(0))
            try lay(node)
        }
        for fork in forks { instructions[fork] = .fork(fork + 1, instructions.count) }
    }
}
