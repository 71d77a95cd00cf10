import ImflowDiagnostics
import ImflowSyntax

/// A plain scalar that YAML 1.1 reads otherwise than YAML 1.2, or that a reader of numbers would not keep as written.
enum YAMLTrap: Equatable {
    /// `no`, `on`: a boolean in YAML 1.1.
    case word(Bool)
    /// `12:30`: in YAML 1.1 a number in base 60.
    case sexagesimal
    /// `2024-01-31`: a date in YAML 1.1.
    case date
    /// `1_000`: a number in YAML 1.1.
    case underscore
    /// `0777`: 777 in YAML 1.2, 511 in YAML 1.1.
    case leadingZero
    /// `0o17` and `1e3`: numbers in YAML 1.2, strings to most readers of YAML 1.1.
    case otherNumber
    /// `1.10`, `1e3`, `0x1F` where a text is meant: a reader of numbers makes it another text.
    case reformatted

    /// The trap of a text that YAML 1.2 takes for a string; nil: there is none.
    static func ofString(_ text: String) -> YAMLTrap? {
        var text = text
        return text.withUTF8 { bytes in
            guard let first = bytes.first, bytes.count <= 20 else { return nil }
            switch first {
            case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "o"),
                UInt8(ascii: "O"):
                return word(String(decoding: bytes, as: UTF8.self)).map(YAMLTrap.word)
            case 0x30...0x39: return digits(bytes)
            default: return nil
            }
        }
    }

    /// The trap of a text that YAML 1.2 takes for a number. `isText`: where a text is meant.
    static func ofNumber(_ text: String, isText: Bool) -> YAMLTrap? {
        var text = text
        return text.withUTF8 { bytes in
            guard let first = bytes.first, bytes.count <= 40 else { return nil }
            let start = first == UInt8(ascii: "-") || first == UInt8(ascii: "+") ? 1 : 0
            let rest = bytes[start...]
            let isWhole = rest.allSatisfy { (0x30...0x39).contains($0) }
            if isWhole { return rest.count > 1 && rest.first == 0x30 ? .leadingZero : nil }
            let point = rest.firstIndex(of: UInt8(ascii: "."))
            if let point, rest[(point + 1)...].allSatisfy({ (0x30...0x39).contains($0) }) {
                // `1.0` is known as it is everywhere; `1.10` becomes 1.1.
                let isTrimmed = rest.last == 0x30 && rest.count - (point - rest.startIndex) > 2
                return isText && isTrimmed ? .reformatted : nil
            }
            if isText { return .reformatted }
            if rest.count > 1, rest.first == 0x30, rest[rest.startIndex + 1] == UInt8(ascii: "o") {
                return .otherNumber
            }
            guard let exponent = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }),
                rest[rest.startIndex] != UInt8(ascii: ".")
            else { return nil }
            let sign = exponent + 1 < rest.endIndex ? rest[exponent + 1] : 0
            let isSigned = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
            return point != nil && isSigned ? nil : .otherNumber
        }
    }

    /// What YAML 1.1 reads one of its boolean words as.
    static func word(_ text: String) -> Bool? {
        switch text {
        case "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": true
        case "no", "No", "NO", "off", "Off", "OFF", "n", "N": false
        default: nil
        }
    }

    private static func digits(_ bytes: UnsafeBufferPointer<UInt8>) -> YAMLTrap? {
        let separator = bytes.first { !(0x30...0x39).contains($0) }
        let parts = bytes.split(separator: separator ?? 0, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (0x30...0x39).contains($0) } }) else { return nil }
        switch separator {
        case UInt8(ascii: ":"):
            let isSmall = parts.dropFirst().allSatisfy { $0.count == 1 || $0.count == 2 && $0.first ?? 0 < 0x36 }
            return isSmall && parts.count > 1 ? .sexagesimal : nil
        case UInt8(ascii: "-"): return parts.map(\.count) == [4, 2, 2] ? .date : nil
        case UInt8(ascii: "_"): return .underscore
        default: return nil
        }
    }
}

extension FieldReader {
    /// The same for the value of a key of type `type`.
    mutating func checkTrap(_ node: SyntaxNode, _ type: KeyType, _ what: KeyText) {
        guard node.style == .plain else { return }
        switch type {
        case .text, .word, .name, .jobID, .modelReference: checkTrap(node, isText: true, what)
        case .integer, .number, .duration, .bytes, .pair, .fill, .gpu: checkTrap(node, isText: false, what)
        default: return
        }
    }

    /// Says of a value that was read well that other readers of YAML, or its author, may take it for another.
    mutating func checkTrap(_ node: SyntaxNode, isText: Bool, _ what: KeyText) {
        guard node.kind == .scalar, node.style == .plain, node.tag == nil, let text = node.scalarText,
            let first = text.utf8.first, first < 0x7B, !findings.isFull
        else { return }
        let trap: YAMLTrap?
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "m"), UInt8(ascii: "p")...UInt8(ascii: "x"), UInt8(ascii: "z"),
            UInt8(ascii: "/"):
            return
        default: break
        }
        switch node.coreValue {
        case .string: trap = isText ? YAMLTrap.ofString(text) : nil
        case .int, .float: trap = YAMLTrap.ofNumber(text, isText: isText)
        default: trap = nil
        }
        if let trap, !node.tree.isJSON { add(finding(trap, text, node, isText: isText, what)) }
    }

    private func finding(
        _ trap: YAMLTrap, _ text: String, _ node: SyntaxNode, isText: Bool, _ what: KeyText
    ) -> Diagnostic {
        let quote = [node.writing("\"\(text)\"", .safe, title: "quote it")].compactMap { $0 }
        var finding: Diagnostic
        switch trap {
        case .word(let value):
            finding = Diagnostic(
                .yamlTrap, "\(what) is the string \"\(text)\"; readers of YAML 1.1 take it for \(value)",
                at: node.span, help: "quote it: `\"\(text)\"`", fixes: quote)
        case .sexagesimal, .date, .underscore:
            let other = trap == .date ? "a date" : trap == .underscore ? "a number" : "a number in base 60"
            finding = Diagnostic(
                .yamlTrap, "\(what) is the string \"\(text)\"; readers of YAML 1.1 take it for \(other)",
                at: node.span, help: "quote it: `\"\(text)\"`", fixes: quote)
        case .leadingZero where !isText:
            let digits = shortest(node)
            return Diagnostic(
                .yamlTrap, "\(what) is \(digits): in YAML 1.2 a leading 0 means nothing, in YAML 1.1 base 8",
                at: node.span, help: "write `\(digits)`, or `0o…` for base 8",
                fixes: [node.writing(digits, .needsReview)].compactMap { $0 })
        case .reformatted, .leadingZero:
            return Diagnostic(
                .yamlTrap, "\(what) is the number `\(text)`; whoever reads it as one makes it `\(shortest(node))`",
                at: node.span, help: "quote it: `\"\(text)\"`", fixes: quote)
        case .otherNumber:
            let digits = shortest(node)
            finding = Diagnostic(
                .yamlTrap, "\(what) is \(digits); many readers of YAML 1.1 take `\(text)` for a string",
                at: node.span, help: "write `\(digits)`",
                fixes: [node.writing(digits, .safe)].compactMap { $0 })
        }
        // What imflow reads is what stands there: only others may be led astray.
        finding.severity = .note
        return finding
    }

    /// The number as most programs print it.
    private func shortest(_ node: SyntaxNode) -> String {
        switch node.coreValue {
        case .int(let value): String(value)
        case .float(let value): Int64(exactly: value).map(String.init) ?? String(value)
        default: node.scalarText ?? ""
        }
    }
}
