/// Why a regular expression is refused.
struct PatternError: Error {
    var sentence: String
}

/// A regular expression, ECMA-262 as far as it can be matched in linear time, over Unicode scalars: a Thompson
/// automaton (K. Thompson, Regular Expression Search Algorithm, 1968), simulated with a set of states.
struct Pattern: Sendable {
    /// As the schema has it.
    let source: String
    private let program: [PatternInstruction]

    init(_ source: String) throws(PatternError) {
        self.source = source
        let tree = try PatternParser.parse(source)
        program = try PatternProgram.instructions(of: tree, source: source)
    }

    /// Whether the pattern matches somewhere in `text`. It does not match when that takes over `limit` steps.
    /// - Parameter steps: how many were taken; more than `limit` says that it gave up.
    func matches(_ text: String, limit: Int, steps: inout Int) -> Bool {
        var run = PatternRun(count: program.count)
        var before: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while true {
            run.begin()
            for state in run.previous { run.follow(state, program, before: before, next: next) }
            run.follow(0, program, before: before, next: next)
            if run.matched { return true }
            steps += run.visited
            guard let scalar = next, steps <= limit else { return false }
            run.step(over: scalar, program)
            before = scalar
            next = scalars.next()
        }
    }
}

/// What one state of the automaton does.
enum PatternInstruction: Sendable {
    /// Reads one scalar.
    case read(ScalarSet)
    case fork(Int, Int)
    case jump(Int)
    case check(PatternNode.Condition)
    case match
}

/// The states that one match is in.
private struct PatternRun {
    /// States that the last scalar led to.
    var previous: [Int] = []
    /// States that wait for a scalar.
    private var waiting: [Int] = []
    /// By state: the round in which it was met last.
    private var met: [Int]
    private var round = 0
    private var pending: [Int] = []
    private(set) var matched = false
    private(set) var visited = 0

    init(count: Int) { met = [Int](repeating: 0, count: count) }

    mutating func begin() {
        round += 1
        visited = 0
        waiting.removeAll(keepingCapacity: true)
    }

    /// Goes from `state` through all that reads nothing.
    mutating func follow(
        _ state: Int, _ program: [PatternInstruction], before: Unicode.Scalar?, next: Unicode.Scalar?
    ) {
        pending.append(state)
        while let state = pending.popLast() {
            if met[state] == round { continue }
            met[state] = round
            visited += 1
            switch program[state] {
            case .read: waiting.append(state)
            case .jump(let target): pending.append(target)
            case .fork(let one, let other):
                pending.append(other)
                pending.append(one)
            case .check(let condition): if condition.holds(before: before, next: next) { pending.append(state + 1) }
            case .match: matched = true
            }
        }
    }

    mutating func step(over scalar: Unicode.Scalar, _ program: [PatternInstruction]) {
        previous.removeAll(keepingCapacity: true)
        for state in waiting {
            if case .read(let set) = program[state], set.contains(scalar) { previous.append(state + 1) }
        }
    }
}
