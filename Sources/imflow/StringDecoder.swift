/// The text of a JSON string that comes in pieces, as canonical bytes (RFC 8785) have it: quotes and escapes undone.
struct StringDecoder {
    /// What of an escape was in the piece before.
    private var escape: [UInt8] = []

    mutating func decode(_ piece: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(piece.count)
        for byte in piece {
            if escape.isEmpty {
                switch byte {
                case UInt8(ascii: "\\"): escape.append(byte)
                // Inside of it, a quote is escaped.
                case UInt8(ascii: "\""): break
                default: out.append(byte)
                }
                continue
            }
            escape.append(byte)
            guard let decoded = Self.decoded(escape) else { continue }
            out.append(decoded)
            escape = []
        }
        return out
    }

    /// Nil while digits are missing. Canonical text escapes control characters alone by number.
    private static func decoded(_ escape: [UInt8]) -> UInt8? {
        switch escape[1] {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "u"):
            escape.count < 6 ? nil : UInt8(String(decoding: escape[2...], as: UTF8.self), radix: 16) ?? 0x3F
        default: escape[1]
        }
    }
}
