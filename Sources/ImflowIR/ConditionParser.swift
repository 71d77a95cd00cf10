import ImflowJSON
package import ImflowPlan

/// Why a condition is not one, and where: a UTF-8 byte range of the condition's text.
package struct ConditionError: Error, Equatable {
    package var message: String
    package var help: String?
    package var range: Range<Int>
}

/// Reads the condition language of `when`:
///
///     condition  = any
///     any        = all { "||" all }
///     all        = term { "&&" term }
///     term       = "!" term | "(" any ")" | path [ ("==" | "!=" | "<" | "<=" | ">" | ">=") literal ]
///     path       = segment { "." segment }       segment = letters, digits, "_", "-"
///     literal    = number | "true" | "false" | "null" | "'text'" | "\"text\""
package struct ConditionParser {
    /// Nesting and operators beyond this are refused, so no condition exhausts a stack.
    package static let maximumDepth = 64
    package static let maximumOperators = 256

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private var operators = 0

    private init(_ text: String) { bytes = Array(text.utf8) }

    package static func parse(_ text: String) throws(ConditionError) -> Condition {
        var parser = ConditionParser(text)
        let condition = try parser.any()
        parser.skipSpace()
        guard parser.position == parser.bytes.count else {
            throw parser.error("expected `&&`, `||` or the end", at: parser.tokenRange())
        }
        return condition
    }

    private mutating func any() throws(ConditionError) -> Condition {
        var left = try all()
        while try take("||") { left = .or(left, try all()) }
        return left
    }

    private mutating func all() throws(ConditionError) -> Condition {
        var left = try term()
        while try take("&&") { left = .and(left, try term()) }
        return left
    }

    private mutating func term() throws(ConditionError) -> Condition {
        skipSpace()
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw error("nested deeper than \(Self.maximumDepth) levels", at: tokenRange()) }
        if current == UInt8(ascii: "!"), next != UInt8(ascii: "=") {
            position += 1
            return .not(try term())
        }
        if current == UInt8(ascii: "(") {
            let open = position
            position += 1
            let inner = try any()
            skipSpace()
            guard current == UInt8(ascii: ")") else { throw error("this `(` is not closed", at: open..<open + 1) }
            position += 1
            return inner
        }
        return try comparison()
    }

    private mutating func comparison() throws(ConditionError) -> Condition {
        let (path, range) = try path()
        skipSpace()
        let start = position
        for comparison in ["==", "!=", "<=", ">=", "<", ">"] where matches(comparison) {
            position += comparison.utf8.count
            guard let operation = Condition.Comparison(rawValue: comparison) else { break }
            return .compare(path: path, operation, try literal())
        }
        if current == UInt8(ascii: "=") {
            throw error("`=` compares nothing", at: start..<start + 1, help: "write `==`")
        }
        if path.count == 1, ["true", "false", "null"].contains(path[0]) {
            throw error("a condition starts with a key, not with `\(path[0])`", at: range)
        }
        return .truthy(path: path)
    }

    private mutating func path() throws(ConditionError) -> ([String], Range<Int>) {
        skipSpace()
        let start = position
        var segments: [String] = []
        repeat {
            if !segments.isEmpty { position += 1 }
            let from = position
            while let byte = current, Self.isSegment(byte) { position += 1 }
            guard position > from else {
                throw error(
                    "expected a key", at: tokenRange(),
                    help: "a condition is a key, or a key compared with a value: `transcript`, `score >= 0.5`")
            }
            segments.append(String(decoding: bytes[from..<position], as: UTF8.self))
        } while current == UInt8(ascii: ".")
        if let first = segments.first?.utf8.first, (0x30...0x39).contains(first) || first == UInt8(ascii: "-") {
            throw error(
                "a condition starts with a key, not with a value", at: start..<position,
                help: "put the key on the left: `score >= 0.5`")
        }
        return (segments, start..<position)
    }

    private mutating func literal() throws(ConditionError) -> JSONValue {
        skipSpace()
        let start = position
        if let quote = current, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") { return try quoted(quote) }
        while let byte = current, Self.isSegment(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+") {
            position += 1
        }
        let word = Array(bytes[start..<position])
        guard !word.isEmpty, let value = try? JSONValue.parse(word) else {
            throw error(
                "expected a value to compare with", at: word.isEmpty ? tokenRange() : start..<position,
                help: "a value is a number, `true`, `false`, `null` or a text in quotes")
        }
        return value
    }

    private mutating func quoted(_ quote: UInt8) throws(ConditionError) -> JSONValue {
        let start = position
        var content: [UInt8] = []
        position += 1
        while let byte = current, byte != quote {
            if byte == UInt8(ascii: "\\"), let escaped = next, escaped == quote || escaped == byte { position += 1 }
            content.append(bytes[position])
            position += 1
        }
        guard current == quote else { throw error("this text is not closed", at: start..<bytes.count) }
        position += 1
        return .string(String(decoding: content, as: UTF8.self))
    }

    private mutating func take(_ token: String) throws(ConditionError) -> Bool {
        skipSpace()
        if matches(token) {
            operators += 1
            if operators > Self.maximumOperators {
                throw error("more than \(Self.maximumOperators) operators", at: tokenRange())
            }
            position += 2
            return true
        }
        if current == token.utf8.first {
            throw error("`\(token.prefix(1))` is no operator", at: tokenRange(), help: "write `\(token)`")
        }
        return false
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var next: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

    private func matches(_ token: String) -> Bool { bytes[position...].starts(with: token.utf8) }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private static func isSegment(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte >= 0x80
    }

    /// From here to the next space: what an error points at. At the end of the text, the place behind it.
    private func tokenRange() -> Range<Int> {
        var end = position
        while end < bytes.count, ![0x20, 0x09, 0x0A, 0x0D].contains(bytes[end]) { end += 1 }
        return position..<end
    }

    private func error(_ message: String, at range: Range<Int>, help: String? = nil) -> ConditionError {
        ConditionError(message: message, help: help, range: range)
    }
}
