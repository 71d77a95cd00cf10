package import ImflowExecution
package import ImflowJSON

extension ContentHash {
    /// Of the bytes as they are.
    package init(of bytes: [UInt8]) {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        self = hasher.finish()
    }

    /// Of the value's canonical bytes (RFC 8785).
    package init(canonical value: JSONValue) { self.init(of: value.canonicalBytes()) }

    /// Of a regular file's bytes, and how many there are. A symbolic link is not followed.
    package static func ofFile(_ path: String) throws(ContentError) -> (hash: ContentHash, size: Int64) {
        let file = try OpenFile(reading: path)
        return try file.digest()
    }
}
