import ImflowSyntax

/// The author's bytes of plain and quoted scalars, fit for another place.
enum ScalarText {
    /// Its lines without indentation; the breaks between them fold as before.
    static func lines(_ scalar: FormatScalar, isTagged: Bool) -> [[UInt8]] {
        let lines = scalar.lines
        guard lines.count > 1 else { return [simplified(scalar, isTagged: isTagged)] }
        return lines.enumerated().map { index, line in
            let text = index == 0 ? line[...] : line.drop(while: Trivia.isBlank)
            if index == lines.count - 1 { return Array(text) }
            let end = text.lastIndex { !Trivia.isBlank($0) }.map { $0 + 1 } ?? text.startIndex
            // `\ ` at the end of a line is an escaped space.
            let backslashes = text[..<end].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            return Array(backslashes % 2 == 1 && end < text.endIndex ? text[...end] : text[..<end])
        }
    }

    /// Without its quotes, when it is a plain string to readers of YAML 1.1 and 1.2 alike.
    static func simplified(_ scalar: FormatScalar, isTagged: Bool) -> [UInt8] {
        let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
        guard isQuoted, !isTagged, scalar.lines.count == 1, isPlainEverywhere(scalar.text) else { return scalar.bytes }
        return Array(scalar.text.utf8)
    }

    /// Narrower than YAML is: words that begin with a letter, and paths.
    static func isPlainEverywhere(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let last = bytes.last, last != 0x20, !reserved.contains(text.lowercased()) else { return false }
        let start = bytes.drop { $0 == UInt8(ascii: ".") }
        let isPath = bytes.count - start.count <= 2 && start.first == UInt8(ascii: "/")
        guard isPath || isLetter(bytes[0]) else { return false }
        return bytes.allSatisfy { byte in
            isLetter(byte) || (0x30...0x39).contains(byte) || " -_./@+".utf8.contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    /// Booleans and nulls of either version.
    private static let reserved: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
}

/// A literal or folded scalar at another indentation.
struct BlockScalarText {
    let header: [UInt8]
    /// With their indentation.
    let lines: [[UInt8]]
    /// Whether every line break behind it belongs to it.
    let keepsBreaks: Bool

    /// - Parameter indent: of the block collection around it.
    init(_ scalar: FormatScalar, indent: Int) {
        let written = scalar.lines
        var header = written[0]
        while let last = header.last, Trivia.isBlank(last) { header.removeLast() }
        let indicators = header.dropFirst().prefix { "0123456789+-".utf8.contains($0) }
        let digit = indicators.first { (0x31...0x39).contains($0) }.map { Int($0 - 0x30) }
        var keeps = indicators.contains(UInt8(ascii: "+"))
        let strips = indicators.contains(UInt8(ascii: "-"))
        let text = Array(scalar.text.utf8)
        let breaks = text.reversed().prefix { $0 == 0x0A }.count
        let isEmpty = breaks == text.count
        if breaks == 0, !strips, !isEmpty {
            // The file ended in its last line, and will not any more.
            header.removeAll { $0 == UInt8(ascii: "+") }
            header.insert(UInt8(ascii: "-"), at: 1)
            keeps = false
        }
        let pad = [UInt8](repeating: 0x20, count: indent + (digit ?? 2))
        var lines: [[UInt8]] = []
        if !isEmpty {
            let body =
                scalar.style == .literal
                ? text.dropLast(breaks).split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
                : Self.folded(Array(written.dropFirst()), blockColumn: scalar.blockColumn, digit: digit)
            lines = body.map { $0.isEmpty ? [] : pad + $0 }
        }
        if keeps { lines += Array(repeating: [], count: isEmpty ? breaks : max(0, breaks - 1)) }
        self.header = header
        self.lines = lines
        keepsBreaks = keeps
    }

    /// The lines of a folded scalar without their old indentation.
    private static func folded(_ lines: [[UInt8]], blockColumn: Int, digit: Int?) -> [[UInt8]] {
        func indentation(_ line: [UInt8]) -> Int { line.prefix { $0 == 0x20 }.count }
        let first = lines.first { indentation($0) < $0.count }
        let indent = digit.map { max(0, blockColumn) + $0 } ?? first.map(indentation) ?? 0
        return lines.map { Array($0.dropFirst(min(indent, indentation($0)))) }
    }
}
