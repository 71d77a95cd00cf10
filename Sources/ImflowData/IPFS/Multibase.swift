/// Bytes as text that says in its first character how it is written (multiformats/multibase): base 58 (Bitcoin's), 36, 32
/// (RFC 4648, unpadded) and 16, as CIDs are.
enum Multibase {
    private static let base58 = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
    private static let base36 = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
    private static let base32 = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    private static let base16 = Array("0123456789abcdef".utf8)

    /// Nil when the prefix is unknown or a digit is none of the base's.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard let prefix = text.utf8.first else { return nil }
        let digits = Array(text.utf8.dropFirst())
        let lower = digits.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        switch prefix {
        case UInt8(ascii: "z"): return decodeNumber(digits, base58)
        case UInt8(ascii: "k"), UInt8(ascii: "K"): return decodeNumber(lower, base36)
        case UInt8(ascii: "b"), UInt8(ascii: "B"): return decodeBits(lower, base32, width: 5)
        case UInt8(ascii: "f"), UInt8(ascii: "F"): return decodeBits(lower, base16, width: 4)
        default: return nil
        }
    }

    static func decodeBase58(_ text: some StringProtocol) -> [UInt8]? { decodeNumber(Array(text.utf8), base58) }

    /// With its prefix `b`.
    static func encodeBase32(_ bytes: [UInt8]) -> String {
        var out = [UInt8(ascii: "b")]
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                out.append(base32[Int(buffer >> bits & 31)])
            }
        }
        if bits > 0 { out.append(base32[Int(buffer << (5 - bits) & 31)]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Without a prefix, as version 0 of a CID is written.
    static func encodeBase58(_ bytes: [UInt8]) -> String {
        // Digits of the number, the least significant first.
        var digits: [Int] = []
        for byte in bytes {
            var carry = Int(byte)
            for index in digits.indices {
                carry += digits[index] << 8
                digits[index] = carry % 58
                carry /= 58
            }
            while carry > 0 {
                digits.append(carry % 58)
                carry /= 58
            }
        }
        let zeros = bytes.prefix { $0 == 0 }.count
        let text = [UInt8](repeating: base58[0], count: zeros) + digits.reversed().map { base58[$0] }
        return String(decoding: text, as: UTF8.self)
    }

    /// A number in a base that is no power of two; each leading zero digit is a zero byte.
    private static func decodeNumber(_ digits: [UInt8], _ alphabet: [UInt8]) -> [UInt8]? {
        // Bytes of the number, the least significant first.
        var bytes: [UInt8] = []
        for digit in digits {
            guard var carry = alphabet.firstIndex(of: digit) else { return nil }
            for index in bytes.indices {
                carry += Int(bytes[index]) * alphabet.count
                bytes[index] = UInt8(carry & 0xFF)
                carry >>= 8
            }
            while carry > 0 {
                bytes.append(UInt8(carry & 0xFF))
                carry >>= 8
            }
        }
        let zeros = digits.prefix { $0 == alphabet[0] }.count
        return [UInt8](repeating: 0, count: zeros) + bytes.reversed()
    }

    private static func decodeBits(_ digits: [UInt8], _ alphabet: [UInt8], width: UInt32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            buffer = (buffer << width | UInt32(value)) & 0xFFFF
            bits += width
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(buffer >> bits & 0xFF))
            }
        }
        // What is left over is padding, and zero.
        guard bits < width, buffer & (1 << bits - 1) == 0 else { return nil }
        return bytes
    }
}
