/// SHA-256 of canonical JSON bytes (RFC 8785) or of a file's raw bytes: `0x` and 64 lower-case hex digits. Kept as four
/// words, since a job holds one for each of its units.
package struct ContentHash: Sendable, Hashable, Codable, CustomStringConvertible {
    private static let digits = Array("0123456789abcdef".utf8)
    /// The first byte in the highest place of the first word.
    private let first, second, third, fourth: UInt64

    private init(_ words: SIMD4<UInt64>) { (first, second, third, fourth) = (words[0], words[1], words[2], words[3]) }
    private var words: SIMD4<UInt64> { SIMD4(first, second, third, fourth) }

    /// Nil unless `hex` is 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        var words = SIMD4<UInt64>()
        var count = 0
        for digit in hex.utf8 {
            let value: UInt64
            switch digit {
            case 0x30...0x39: value = UInt64(digit - 0x30)
            case 0x61...0x66: value = UInt64(digit - 0x61 + 10)
            default: return nil
            }
            guard count < 64 else { return nil }
            words[count / 16] = words[count / 16] << 4 | value
            count += 1
        }
        guard count == 64 else { return nil }
        self.init(words)
    }

    /// Nil unless there are 32 bytes.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        var words = SIMD4<UInt64>()
        for index in 0..<4 {
            words[index] = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
        self.init(words)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            let words = words
            for index in 0..<4 {
                UnsafeMutableRawBufferPointer(buffer).storeBytes(
                    of: words[index].bigEndian, toByteOffset: 8 * index, as: UInt64.self)
            }
            count = 32
        }
    }

    /// 64 lower-case hexadecimal digits, without the prefix.
    package var hex: String {
        let words = words
        return String(unsafeUninitializedCapacity: 64) { buffer in
            for place in 0..<64 {
                let nibble = words[place / 16] >> UInt64(4 * (15 - place % 16)) & 0xF
                buffer[place] = Self.digits[Int(nibble)]
            }
            return 64
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard text.hasPrefix("0x"), let hash = ContentHash(hex: String(text.dropFirst(2))) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a content hash: \(text)")
        }
        self = hash
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var description: String { "0x" + hex }
}

/// A JSON value that travels between tasks: small ones inline, large ones by reference into the content store.
package struct Payload: Sendable, Hashable, Codable {
    /// Larger values live in the content store only, so that the database stays small.
    package static let inlineLimit = 16 * 1024

    /// Of the canonical bytes.
    package var hash: ContentHash
    /// Of the canonical bytes, in bytes.
    package var size: Int
    /// The canonical text, when it is not longer than ``inlineLimit``; else it is in the content store under ``hash``.
    package var inline: String?

    package init(hash: ContentHash, size: Int, inline: String?) {
        self.hash = hash
        self.size = size
        self.inline = inline
    }
}

/// A stored file inside a JSON value: `cas://sha256/HEX/NAME`. The name keeps the file's extension for whoever opens it.
package struct ContentReference: Sendable, Hashable {
    package var hash: ContentHash
    package var name: String

    package init(hash: ContentHash, name: String) {
        self.hash = hash
        self.name = name
    }

    /// Nil when `text` is not a content reference.
    package init?(_ text: String) {
        let prefix = "cas://sha256/"
        guard text.hasPrefix(prefix) else { return nil }
        let rest = text.dropFirst(prefix.count)
        guard let slash = rest.firstIndex(of: "/"), let hash = ContentHash(hex: String(rest[..<slash])) else {
            return nil
        }
        let name = String(rest[rest.index(after: slash)...])
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.utf8.contains(0) else { return nil }
        self.init(hash: hash, name: name)
    }

    package var text: String { "cas://sha256/\(hash.hex)/\(name)" }
}
