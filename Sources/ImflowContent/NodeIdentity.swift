import CLibCrypto
import Glibc

/// This machine's identity: an Ed25519 key (RFC 8032) in the state folder, its owner's only, made at first use.
package struct NodeIdentity: Sendable {
    /// `0x` and the first 20 bytes of SHA-256 of the public key, in 40 hexadecimal digits.
    package let id: String
    /// 32 bytes.
    package let publicKey: [UInt8]
    private let seed: [UInt8]

    /// Reads the key, 64 hexadecimal digits of its seed, or makes one. Of two programs that make it at
    /// once one wins and both have the same.
    package init(keyAt path: String) throws(ContentError) {
        let seed: [UInt8]
        do throws(ContentError) {
            seed = try Self.read(path)
        } catch {
            guard error.missing else { throw error }
            try Self.create(path)
            seed = try Self.read(path)
        }
        guard let publicKey = Self.publicKey(seed: seed) else {
            throw ContentError(.other, path: path, "libcrypto has no Ed25519; install OpenSSL 3")
        }
        self.seed = seed
        self.publicKey = publicKey
        var hasher = SHA256Hasher()
        hasher.update(publicKey)
        id = "0x" + Hexadecimal.text(hasher.digestBytes().prefix(20))
    }

    /// 64 bytes.
    package func sign(_ bytes: [UInt8]) -> [UInt8] {
        let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
        }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        let done =
            EVP_DigestSignInit(context, nil, nil, nil, key) == 1
            && EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
        precondition(done && count == 64, "libcrypto cannot sign with a key that it accepted before")
        return signature
    }

    /// 32 bytes that only this node can tell from `label`: the same at every time.
    package func secret(_ label: String) -> [UInt8] { MessageAuthentication.code(of: Array(label.utf8), key: seed) }

    /// Whether `signature` was made over `bytes` with the key that belongs to `publicKey`.
    package static func isValid(signature: [UInt8], of bytes: [UInt8], publicKey: [UInt8]) -> Bool {
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            return false
        }
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
        }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
    }

    private static func publicKey(seed: [UInt8]) -> [UInt8]? {
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else { return nil }
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        return EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 && count == 32 ? bytes : nil
    }

    private static func read(_ path: String) throws(ContentError) -> [UInt8] {
        let file = try OpenFile(reading: path)
        guard file.status.st_mode & 0o077 == 0 else {
            throw ContentError(.other, path: path, "\(path) can be read by others; run: chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: 128)
        var failure: ContentError?
        let count = bytes.withUnsafeMutableBytes { buffer in
            do throws(ContentError) { return try file.read(into: buffer) } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard text.utf8.count == 65, text.hasSuffix("\n"), let seed = Hexadecimal.bytes(text.dropLast()) else {
            throw ContentError(
                .corrupt, path: path, "\(path) is no node key; restore it, or remove it to get a new identity")
        }
        return seed
    }

    /// Written whole under another name first, then linked: whoever sees the key sees all of it.
    private static func create(_ path: String) throws(ContentError) {
        var random = SystemRandomNumberGenerator()
        let seed = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        let temporary = path + "." + Hexadecimal.text((0..<8).map { _ in UInt8.random(in: 0...255, using: &random) })
        defer { unlink(temporary) }
        let file = try OpenFile(creating: temporary, mode: 0o600)
        try file.write(Array((Hexadecimal.text(seed) + "\n").utf8))
        try file.synchronize()
        guard link(temporary, path) == 0 || errno == EEXIST else { throw ContentError(errno: errno, "create", path) }
        try Folder.synchronize(Folder.parent(of: path))
    }
}
