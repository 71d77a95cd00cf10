/// Reads a regular expression by the grammar of ECMA-262. Lazy quantifiers are read as greedy ones: whether there is a
/// match does not depend on it.
struct PatternParser {
    /// Groups nested deeper are refused.
    static let maximumDepth = 50
    /// Longer patterns are refused.
    static let maximumLength = 10_000

    private let source: String
    private var rest: ArraySlice<Unicode.Scalar>
    private var depth = 0

    static func parse(_ source: String) throws(PatternError) -> PatternNode {
        var parser = PatternParser(source)
        guard parser.rest.count <= maximumLength else {
            throw PatternError(sentence: "a pattern may have at most \(maximumLength) characters")
        }
        let tree = try parser.choice()
        if parser.rest.first == ")" { throw parser.error("a `)` without its `(`") }
        return tree
    }

    private init(_ source: String) {
        self.source = source
        rest = Array(source.unicodeScalars)[...]
    }

    private func error(_ what: String) -> PatternError {
        PatternError(sentence: "the pattern `\(source)` has \(what)")
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        var branches = [try sequence()]
        while take("|" as Unicode.Scalar) { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let next = rest.first, next != "|", next != ")" {
            let atom = try atom()
            nodes.append(try quantified(atom))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func quantified(_ atom: PatternNode) throws(PatternError) -> PatternNode {
        guard let (minimum, maximum) = try quantifier() else { return atom }
        if case .check = atom { throw error("a quantifier after an anchor, where nothing can be repeated") }
        _ = take("?" as Unicode.Scalar)
        if let maximum, maximum < minimum { throw error("a quantifier `{\(minimum),\(maximum)}` that counts down") }
        return .repetition(atom, minimum: minimum, maximum: maximum)
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        switch rest.first {
        case "*": rest.removeFirst(); return (0, nil)
        case "+": rest.removeFirst(); return (1, nil)
        case "?": rest.removeFirst(); return (0, 1)
        case "{":
            let before = rest
            rest.removeFirst()
            if let minimum = number() {
                if take("}" as Unicode.Scalar) { return (minimum, minimum) }
                if take("," as Unicode.Scalar) {
                    if take("}" as Unicode.Scalar) { return (minimum, nil) }
                    if let maximum = number(), take("}" as Unicode.Scalar) { return (minimum, maximum) }
                }
            }
            // No quantifier: a brace that stands for itself.
            rest = before
            return nil
        default: return nil
        }
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = rest.first, ("0"..."9").contains(digit) {
            // Beyond the largest pattern, all counts are alike.
            value = min((value ?? 0) * 10 + Int(digit.value - 0x30), PatternProgram.maximumStates + 1)
            rest.removeFirst()
        }
        return value
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        guard let next = rest.popFirst() else { return .nothing }
        switch next {
        case "^": return .check(.start)
        case "$": return .check(.end)
        case ".": return .set(.anyButLineEnd)
        case "(": return try group()
        case "[": return .set(try set())
        case "*", "+", "?": throw error("a `\(next)` after nothing that could be repeated")
        case "\\":
            if take("b" as Unicode.Scalar) { return .check(.wordBoundary(true)) }
            if take("B" as Unicode.Scalar) { return .check(.wordBoundary(false)) }
            return .set(try escape())
        default: return .set(ScalarSet(next.value...next.value))
        }
    }

    private mutating func group() throws(PatternError) -> PatternNode {
        for look in ["?=", "?!", "?<=", "?<!"] where take(look) {
            throw error("a look-around `(\(look)…)`, which is not supported: it cannot be matched in linear time")
        }
        if take("?<") {
            while let next = rest.popFirst(), next != ">" {}
        } else if !take("?:"), rest.first == "?" {
            throw error("a group `(?` of an unknown kind; `(?:…)` and `(…)` are known")
        }
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("groups deeper than \(Self.maximumDepth) levels") }
        let tree = try choice()
        depth -= 1
        guard take(")" as Unicode.Scalar) else { throw error("a `(` without its `)`") }
        return tree
    }

    /// A class, after its `[`.
    private mutating func set() throws(PatternError) -> ScalarSet {
        var set = ScalarSet(negated: take("^" as Unicode.Scalar))
        while !take("]" as Unicode.Scalar) {
            let first = try member()
            guard rest.first == "-", rest.dropFirst().first != "]", let low = Self.sole(first) else {
                set.members.append(first)
                continue
            }
            rest.removeFirst()
            let second = try member()
            guard let high = Self.sole(second) else {
                // `[a-\d]`: the hyphen stands for itself.
                set.members += [first, ScalarSet(0x2D...0x2D), second]
                continue
            }
            guard low <= high else { throw error("a range in `[…]` that runs backwards") }
            set.ranges.append(low...high)
        }
        return set
    }

    private mutating func member() throws(PatternError) -> ScalarSet {
        guard let next = rest.popFirst() else { throw error("a `[` without its `]`") }
        guard next == "\\" else { return ScalarSet(next.value...next.value) }
        if take("b" as Unicode.Scalar) { return ScalarSet(0x08...0x08) }
        return try escape()
    }

    /// The only scalar of a set that is just that.
    private static func sole(_ set: ScalarSet) -> UInt32? {
        guard set.members.isEmpty, set.categories.isEmpty, !set.isNegated, set.ranges.count == 1,
            set.ranges[0].count == 1
        else { return nil }
        return set.ranges[0].lowerBound
    }

    /// What follows a backslash.
    private mutating func escape() throws(PatternError) -> ScalarSet {
        guard let letter = rest.popFirst() else { throw error("a backslash at its end") }
        switch letter {
        case "d": return .digit
        case "D": return ScalarSet.digit.negated
        case "w": return .word
        case "W": return ScalarSet.word.negated
        case "s": return .space
        case "S": return ScalarSet.space.negated
        case "p", "P": return try property(negated: letter == "P")
        case "1"..."9", "k": throw error("a back-reference, which is not supported: it cannot be matched in linear time")
        default:
            let value = try scalar(after: letter)
            return ScalarSet(value...value)
        }
    }

    private mutating func scalar(after letter: Unicode.Scalar) throws(PatternError) -> UInt32 {
        switch letter {
        case "t": return 0x09
        case "n": return 0x0A
        case "v": return 0x0B
        case "f": return 0x0C
        case "r": return 0x0D
        case "0": return 0
        case "x": return try hexadecimal(2)
        case "u": return try unicode()
        case "c":
            guard let control = rest.popFirst(), (0x61...0x7A).contains(control.value | 0x20) else {
                throw error("a `\\c` without a letter")
            }
            return control.value & 0x1F
        default:
            guard !ScalarSet.word.contains(letter) else { throw error("an unknown escape `\\\(letter)`") }
            return letter.value
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = rest.popFirst().flatMap({ Character($0).hexDigitValue }) else {
                throw error("an escape that lacks hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func unicode() throws(PatternError) -> UInt32 {
        if take("{" as Unicode.Scalar) {
            guard let end = rest.firstIndex(of: "}"), case let digits = rest[..<end], (1...8).contains(digits.count) else {
                throw error("a `\\u{` without its `}`")
            }
            let value = try hexadecimal(digits.count)
            rest.removeFirst()
            guard value <= 0x10FFFF else { throw error("a `\\u{…}` beyond Unicode") }
            return value
        }
        let high = try hexadecimal(4)
        guard (0xD800..<0xDC00).contains(high), take("\\u") else { return high }
        let low = try hexadecimal(4)
        guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
        return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
    }

    private mutating func property(negated: Bool) throws(PatternError) -> ScalarSet {
        guard take("{" as Unicode.Scalar), let end = rest.firstIndex(of: "}") else {
            throw error("a `\\p` without `{…}`")
        }
        var name = ""
        name.unicodeScalars.append(contentsOf: rest[..<end])
        rest = rest[rest.index(after: end)...]
        guard let category = ScalarSet.category(named: name) else {
            throw error("the property `\(name)`; only general categories, such as `\\p{L}` or `\\p{Lu}`, are supported")
        }
        return ScalarSet(category: category, negated: negated)
    }
}
