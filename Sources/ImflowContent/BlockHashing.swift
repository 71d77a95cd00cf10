import CLibCrypto

extension SHA256Hasher {
    /// The 32 bytes of the digest of bytes that are there at once.
    package static func bytes(of bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.digestBytes()
    }
}

/// SHA-512 (FIPS 180-4), by libcrypto.
package enum SHA512 {
    /// 64 bytes.
    package static func bytes(of bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        let code = EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha512(), nil)
        precondition(code == 1 && count == 64, "libcrypto failed at a digest")
        return digest
    }
}
