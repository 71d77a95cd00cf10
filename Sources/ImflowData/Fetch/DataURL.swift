/// A `data:` URL (RFC 2397): the file is in the URL itself.
struct DataURL {
    /// With its parameters; `text/plain` when the URL names none.
    let mediaType: String
    let bytes: [UInt8]

    struct Mistake: Error {
        /// What is wrong, to be read after the URL.
        let text: String
    }

    /// `rest` is what follows `data:`.
    init(_ rest: Substring) throws(Mistake) {
        guard let comma = rest.firstIndex(of: ",") else { throw Mistake(text: "has no comma before its data") }
        var type = rest[..<comma]
        let isBase64 = type.lowercased().hasSuffix(";base64")
        if isBase64 { type = type.dropLast(";base64".count) }
        guard let decoded = PercentEncoding.decode(rest[rest.index(after: comma)...]) else {
            throw Mistake(text: "has a percent sign without two hexadecimal digits")
        }
        mediaType = type.isEmpty || type.hasPrefix(";") ? "text/plain" : String(type)
        guard isBase64 else {
            bytes = decoded
            return
        }
        guard let plain = Self.base64(decoded) else { throw Mistake(text: "is not valid base64") }
        bytes = plain
    }

    /// RFC 4648, section 4; padding may be left out, blanks and line breaks are passed over. Nil when it is none.
    private static func base64(_ text: [UInt8]) -> [UInt8]? {
        var digits = text.filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        if digits.count % 4 == 0 {
            for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        }
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3 + 2)
        var buffer: UInt32 = 0
        var bits = 0
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            buffer = buffer << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case 0x41...0x5A: UInt32(digit - 0x41)
        case 0x61...0x7A: UInt32(digit - 0x61) + 26
        case 0x30...0x39: UInt32(digit - 0x30) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
