import ImflowDiagnostics
import ImflowJSON
import ImflowSyntax

extension SyntaxNode {
    /// A fix that writes another value here, as it stands; nil where the value stands elsewhere (behind an alias), has
    /// a tag, or is a block of text.
    func writing(_ text: String, _ applicability: FixIt.Applicability, title: String? = nil) -> FixIt? {
        guard isRewritable else { return nil }
        return FixIt(
            title ?? "replace it by `\(text)`", applicability, edits: [FixIt.Edit(span, replacement: text)])
    }

    /// A fix that writes another string here, in the quotes that the old one has.
    func writing(string text: String, _ applicability: FixIt.Applicability) -> FixIt? {
        let title = "replace it by `\(printable(text))`"
        switch style {
        case .singleQuoted:
            let inner = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            return writing("'\(inner)'", applicability, title: title)
        case .doubleQuoted: return writing(Self.quoted(text), applicability, title: title)
        default:
            if case .string = CoreScalar(plain: text) { return writing(text, applicability, title: title) }
            return writing(Self.quoted(text), applicability, title: title)
        }
    }

    /// A fix for a number or a boolean in quotes: YAML and JSON read the text the same way without them.
    func unquoting(_ isMeant: (CoreScalar) -> Bool) -> FixIt? {
        guard let text = scalarText, style == .doubleQuoted || style == .singleQuoted,
            Self.isJSONLiteral(text), isMeant(CoreScalar(plain: text))
        else { return nil }
        return writing(text, .safe, title: "remove the quotes")
    }

    /// In double quotes, as YAML and JSON read them alike.
    static func quoted(_ text: String) -> String { JSONValue.string(text).text }

    private var isRewritable: Bool {
        guard kind == .scalar, tag == nil, style == .plain || style == .singleQuoted || style == .doubleQuoted,
            let first = span.source.bytes[span.range].first
        else { return false }
        // What an alias repeats may be right where it is repeated.
        let isRepeated = tree.records.contains { $0.kind == .alias && Int($0.payload) == index }
        return first != UInt8(ascii: "*") && !isRepeated
    }

    /// `true`, `false`, and numbers as RFC 8259 writes them: others are read differently from reader to reader.
    private static func isJSONLiteral(_ text: String) -> Bool {
        if text == "true" || text == "false" { return true }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let isZeroLed = digits.hasPrefix("0") && digits.dropFirst().first?.isNumber == true
        guard let first = digits.utf8.first, let last = digits.utf8.last, !isZeroLed else { return false }
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        return isDigit(first) && isDigit(last) && !text.contains("x") && !text.contains("o") && !text.contains(".e")
    }
}

/// Words that differ in nothing but case, `-` and `_`: `tile-size`, `tileSize` and `tile_size`.
func isSameWord(_ left: String, _ right: String) -> Bool {
    func letters(_ text: String) -> [UInt8] {
        text.utf8.filter { $0 != 0x2D && $0 != 0x5F }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }
    return letters(left) == letters(right)
}

extension SyntaxNode {
    /// An edit that makes `key: value` the first member of this mapping; nil where it is written so that none fits in.
    func inserting(first key: String, _ value: String) -> FixIt.Edit? {
        let source = span.source
        let start = span.range.lowerBound
        guard kind == .mapping, start < span.range.upperBound else { return nil }
        if style == .flow {
            let place = Span(source, start + 1..<start + 1)
            let member = tree.isJSON ? "\(Self.quoted(key)): \(Self.quoted(value))" : "\(key): \(Self.plain(value))"
            return FixIt.Edit(place, replacement: members.isEmpty ? member : "\(member), ")
        }
        var line = source.position(of: start).line
        let indent = source.bytes[source.lineRange(line).lowerBound..<start]
        guard indent.allSatisfy({ $0 == 0x20 }) else { return nil }
        // A comment for imflow is about the line below it, and stays there.
        var above = line - 1
        while above >= 1, Self.isComment(source, above) {
            let text = source.bytes[source.lineRange(above)].drop { $0 == 0x20 }.dropFirst().drop { $0 == 0x20 }
            if text.starts(with: "imflow:".utf8) { line = above }
            above -= 1
        }
        let place = source.lineRange(line).lowerBound
        let lineBreak = String(decoding: source.lineBreak, as: UTF8.self)
        let pad = String(repeating: " ", count: indent.count)
        return FixIt.Edit(Span(source, place..<place), replacement: "\(pad)\(key): \(Self.plain(value))\(lineBreak)")
    }

    /// A name as a YAML scalar: in quotes where it would be a number, a date, or else no string to some reader.
    private static func plain(_ name: String) -> String {
        guard case .string = CoreScalar(plain: name), YAMLTrap.ofString(name) == nil else { return quoted(name) }
        return name
    }

    private static func isComment(_ source: Source, _ line: Int) -> Bool {
        source.bytes[source.lineRange(line)].drop { $0 == 0x20 }.first == UInt8(ascii: "#")
    }
}
