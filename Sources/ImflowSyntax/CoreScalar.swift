/// A scalar's value by the YAML 1.2 core schema (YAML 1.2.2 section 10.3.2).
package enum CoreScalar: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    /// Also an integer beyond 64 bits; may be infinite or not a number.
    case float(Double)
    case string(String)

    /// The value of a plain scalar without a tag. `no`, `on`, `yes` and `12:30` are strings; `012` is the integer 12.
    package init(plain text: String) {
        var text = text
        self = text.withUTF8 { CoreScalar.resolve($0) } ?? .string(text)
    }

    private static func resolve(_ bytes: UnsafeBufferPointer<UInt8>) -> CoreScalar? {
        guard let first = bytes.first else { return .null }
        switch first {
        case UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"), UInt8(ascii: "T"),
            UInt8(ascii: "f"), UInt8(ascii: "F"):
            return word(bytes)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            return radixInteger(bytes) ?? special(bytes) ?? decimal(bytes)
        default: return nil
        }
    }

    private static func word(_ bytes: UnsafeBufferPointer<UInt8>) -> CoreScalar? {
        guard bytes.count <= 5 else { return nil }
        switch String(decoding: bytes, as: UTF8.self) {
        case "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return nil
        }
    }

    /// `0o17` and `0x1F`.
    private static func radixInteger(_ bytes: UnsafeBufferPointer<UInt8>) -> CoreScalar? {
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "0") else { return nil }
        let radix: Double
        switch bytes[1] {
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "x"): radix = 16
        default: return nil
        }
        var exact: Int64? = 0
        var rounded = 0.0
        for byte in bytes[2...] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, Double(digit) < radix else { return nil }
            rounded = rounded * radix + Double(digit)
            exact = exact.flatMap { value in
                let (product, overflow) = value.multipliedReportingOverflow(by: Int64(radix))
                let (sum, carry) = product.addingReportingOverflow(Int64(digit))
                return overflow || carry ? nil : sum
            }
        }
        return exact.map(CoreScalar.int) ?? .float(rounded)
    }

    /// `.inf`, `-.INF`, `.NaN`.
    private static func special(_ bytes: UnsafeBufferPointer<UInt8>) -> CoreScalar? {
        guard bytes.count <= 5 else { return nil }
        switch String(decoding: bytes, as: UTF8.self) {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
        case ".nan", ".NaN", ".NAN": return .float(.nan)
        default: return nil
        }
    }

    private static func decimal(_ bytes: UnsafeBufferPointer<UInt8>) -> CoreScalar? {
        func digits(from start: Int) -> Int {
            var end = start
            while end < bytes.count, bytes[end] >= 0x30, bytes[end] <= 0x39 { end += 1 }
            return end
        }
        let signed = bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+")
        let start = signed ? 1 : 0
        var position = digits(from: start)
        let whole = position - start
        if position == bytes.count, whole > 0 {
            let text = String(decoding: bytes, as: UTF8.self)
            return Int64(text).map(CoreScalar.int) ?? Double(text).map(CoreScalar.float)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            let fraction = digits(from: position + 1)
            if whole == 0, fraction == position + 1 { return nil }
            position = fraction
        } else if whole == 0 {
            return nil
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
                position += 1
            }
            let exponent = digits(from: position)
            guard exponent > position else { return nil }
            position = exponent
        }
        guard position == bytes.count else { return nil }
        return number(String(decoding: bytes, as: UTF8.self))
    }

    private static func number(_ text: String) -> CoreScalar? { Double(text).map(CoreScalar.float) }
}

extension CoreScalar {
    /// The prefix of the core schema's tags.
    static let tagPrefix = "tag:yaml.org,2002:"

    /// The value of a scalar whose author wrote `tag`; nil when the tag is unknown or the text does not fit it.
    init?(_ text: String, tag: String) {
        if tag == "!" || tag == Self.tagPrefix + "str" {
            self = .string(text)
            return
        }
        guard tag.hasPrefix(Self.tagPrefix) else { return nil }
        let value = CoreScalar(plain: text)
        switch (tag.dropFirst(Self.tagPrefix.count), value) {
        case ("null", .null), ("bool", .bool), ("int", .int), ("float", .float): self = value
        case ("float", .int(let integer)): self = .float(Double(integer))
        case ("int", .float(let number)) where number.isFinite && !text.contains(where: { ".eE".contains($0) }):
            self = value
        default: return nil
        }
    }
}

extension CoreScalar {
    /// The core schema's tags for scalars, and the non-specific `!`.
    static let scalarTags: Set<String> = [
        "!", tagPrefix + "str", tagPrefix + "int", tagPrefix + "float", tagPrefix + "bool", tagPrefix + "null",
        tagPrefix + "merge",
    ]

    /// The tag as authors write it: `!!int`.
    static func shortTag(_ tag: String) -> String {
        tag.hasPrefix(tagPrefix) ? "!!" + tag.dropFirst(tagPrefix.count) : tag
    }

    /// Whether a scalar may have `tag`.
    static func fits(_ text: String, tag: String) -> Bool {
        tag == tagPrefix + "merge" ? text == "<<" : CoreScalar(text, tag: tag) != nil
    }
}

extension SyntaxNode {
    /// The scalar's value by the YAML 1.2 core schema; nil for collections and holes. A quoted, literal or folded
    /// scalar is always a string; an explicit tag is honoured (the parser has refused tags that do not fit).
    package var coreValue: CoreScalar? {
        guard let text = scalarText else { return nil }
        if let tag { return CoreScalar(text, tag: tag) ?? .string(text) }
        return style == .plain ? CoreScalar(plain: text) : .string(text)
    }
}
