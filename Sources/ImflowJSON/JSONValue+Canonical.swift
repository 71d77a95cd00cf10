extension JSONValue {
    /// The value's bytes by the JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code
    /// units, no white space, shortest numbers. Integers beyond 2^53 keep all their digits, where the RFC would round.
    package func canonicalBytes() -> [UInt8] {
        var out: [UInt8] = []
        write(to: &out, canonical: true)
        return out
    }

    /// ``canonicalBytes()`` as text.
    package var canonicalText: String { String(decoding: canonicalBytes(), as: UTF8.self) }

    /// Compact text with the members in their own order.
    package var text: String {
        var out: [UInt8] = []
        write(to: &out, canonical: false)
        return String(decoding: out, as: UTF8.self)
    }

    /// Text for people: two-space indentation, members in their own order, no final newline.
    package var prettyText: String {
        var out: [UInt8] = []
        writePretty(to: &out, indent: 0)
        return String(decoding: out, as: UTF8.self)
    }

    private func write(to out: inout [UInt8], canonical: Bool) {
        switch self {
        case .null, .bool, .int, .number, .string: writeScalar(to: &out)
        case .array(let items):
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                item.write(to: &out, canonical: canonical)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            var first = true
            func member(_ key: String, _ value: JSONValue) {
                if !first { out.append(UInt8(ascii: ",")) }
                first = false
                Self.writeString(key, to: &out)
                out.append(UInt8(ascii: ":"))
                value.write(to: &out, canonical: canonical)
            }
            if canonical {
                let sorted = members.elements.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
                for (key, value) in sorted { member(key, value) }
            } else {
                for (key, value) in members { member(key, value) }
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private func writePretty(to out: inout [UInt8], indent: Int) {
        func newline(_ indent: Int) {
            out.append(UInt8(ascii: "\n"))
            out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent))
        }
        switch self {
        case .array(let items) where !items.isEmpty:
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                newline(indent + 2)
                item.writePretty(to: &out, indent: indent + 2)
            }
            newline(indent)
            out.append(UInt8(ascii: "]"))
        case .object(let members) where !members.isEmpty:
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                newline(indent + 2)
                Self.writeString(member.key, to: &out)
                out.append(contentsOf: ": ".utf8)
                member.value.writePretty(to: &out, indent: indent + 2)
            }
            newline(indent)
            out.append(UInt8(ascii: "}"))
        default: write(to: &out, canonical: false)
        }
    }

    private func writeScalar(to out: inout [UInt8]) {
        switch self {
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): out.append(contentsOf: String(value).utf8)
        case .number(let value): out.append(contentsOf: Self.numberText(value).utf8)
        case .string(let value): Self.writeString(value, to: &out)
        default: out.append(contentsOf: "null".utf8)
        }
    }

    private static func writeString(_ text: String, to out: inout [UInt8]) {
        out.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22: out.append(contentsOf: [0x5C, 0x22])
            case 0x5C: out.append(contentsOf: [0x5C, 0x5C])
            case 0x08: out.append(contentsOf: "\\b".utf8)
            case 0x09: out.append(contentsOf: "\\t".utf8)
            case 0x0A: out.append(contentsOf: "\\n".utf8)
            case 0x0C: out.append(contentsOf: "\\f".utf8)
            case 0x0D: out.append(contentsOf: "\\r".utf8)
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                out.append(contentsOf: "\\u00\(hex.count == 1 ? "0" : "")\(hex)".utf8)
            default: out.append(byte)
            }
        }
        out.append(0x22)
    }

    /// A number as ECMAScript's `Number::toString` writes it (ECMA-262 section 6.1.6.1.20), which RFC 8785 asks for.
    package static func numberText(_ value: Double) -> String {
        precondition(value.isFinite, "JSON has no infinite and no undefined numbers")
        if value == 0 { return "0" }
        // Swift prints the shortest digits that read back the same; only their layout differs from ECMAScript's.
        var digits: [UInt8] = []
        var exponent = 0
        var fraction = false
        let text = Array(abs(value).description.utf8)
        var index = 0
        while index < text.count, text[index] != UInt8(ascii: "e") {
            if text[index] == UInt8(ascii: ".") {
                fraction = true
            } else {
                digits.append(text[index])
                if !fraction { exponent += 1 }
            }
            index += 1
        }
        if index < text.count { exponent += Int(String(decoding: text[(index + 1)...], as: UTF8.self))! }
        let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leading)
        exponent -= leading
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (value < 0 ? "-" : "") + layout(String(decoding: digits, as: UTF8.self), exponent: exponent)
    }

    /// Lays out `0.DIGITS × 10^exponent`.
    private static func layout(_ digits: String, exponent: Int) -> String {
        let count = digits.count
        if exponent > 21 || exponent < -5 {
            let rest = digits.dropFirst()
            let power = exponent - 1
            return "\(digits.prefix(1))\(rest.isEmpty ? "" : ".\(rest)")e\(power < 0 ? "-" : "+")\(abs(power))"
        }
        if exponent <= 0 { return "0." + String(repeating: "0", count: -exponent) + digits }
        if exponent >= count { return digits + String(repeating: "0", count: exponent - count) }
        return "\(digits.prefix(exponent)).\(digits.dropFirst(exponent))"
    }
}
