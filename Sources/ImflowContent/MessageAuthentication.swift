/// HMAC-SHA-256 (RFC 2104, FIPS 198-1).
package enum MessageAuthentication {
    private static let blockBytes = 64

    /// 32 bytes.
    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var padded = key.count > blockBytes ? digest(key) : key
        padded += [UInt8](repeating: 0, count: blockBytes - padded.count)
        let inner = digest(padded.map { $0 ^ 0x36 } + message)
        return digest(padded.map { $0 ^ 0x5C } + inner)
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.digestBytes()
    }
}
