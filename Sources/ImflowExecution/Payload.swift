/// SHA-256 of canonical JSON bytes (RFC 8785) or of a file's raw bytes: `0x` and 64 lower-case hex digits.
package struct ContentHash: Sendable, Hashable, Codable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits, without the prefix.
    package let hex: String

    /// Nil unless `hex` is 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hex = hex
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
