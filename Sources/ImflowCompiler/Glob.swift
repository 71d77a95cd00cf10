/// Patterns of file names: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a character that means itself.
enum Glob {
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (name, pattern) = (name, pattern)
        var back: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while !name.isEmpty {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                back = (name, pattern)
            } else if let rest = step(name[name.startIndex], pattern) {
                name.removeFirst()
                pattern = rest
            } else if var last = back {
                last.name.removeFirst()
                back = last
                (name, pattern) = last
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// What is left of the pattern when its first element takes `byte`; nil: it does not.
    private static func step(_ byte: UInt8, _ pattern: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = pattern.first else { return nil }
        let rest = pattern.dropFirst()
        switch first {
        case UInt8(ascii: "?"): return rest
        case UInt8(ascii: "["): return setStep(byte, rest)
        case UInt8(ascii: "\\"): return rest.first == byte ? rest.dropFirst() : nil
        default: return first == byte ? rest : nil
        }
    }

    /// Takes one byte by a set whose `[` is behind us; a set without its end matches nothing.
    private static func setStep(_ byte: UInt8, _ pattern: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = pattern
        let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
        if isNegated { rest.removeFirst() }
        var isIn = false
        var isFirst = true
        while let low = rest.popFirst() {
            if low == UInt8(ascii: "]"), !isFirst { return isIn != isNegated ? rest : nil }
            isFirst = false
            guard let from = low == UInt8(ascii: "\\") ? rest.popFirst() : low else { return nil }
            var to = from
            if rest.first == UInt8(ascii: "-"), let end = rest.dropFirst().first, end != UInt8(ascii: "]") {
                rest.removeFirst(2)
                guard let high = end == UInt8(ascii: "\\") ? rest.popFirst() : end else { return nil }
                to = high
            }
            if from <= byte, byte <= to { isIn = true }
        }
        return nil
    }
}
