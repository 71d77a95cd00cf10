internal import ImflowContent

/// A content identifier (multiformats/cid): the hash of a block and what the block is.
struct CID: Hashable, Sendable {
    enum Codec: UInt64 {
        case raw = 0x55
        case dagPB = 0x70
    }

    enum Hash: UInt64 {
        case identity = 0x00
        case sha256 = 0x12
        case sha512 = 0x13
    }

    let version: Int
    let codecCode: UInt64
    let hashCode: UInt64
    let digest: [UInt8]

    /// Longer digests are no content identifier: an identity hash carries so much of a block.
    static let digestLimit = 128
    /// In characters.
    private static let textLimit = 512

    var codec: Codec? { Codec(rawValue: codecCode) }

    init(codec: Codec, sha256 digest: [UInt8], version: Int = 1) {
        self.version = version
        codecCode = codec.rawValue
        hashCode = Hash.sha256.rawValue
        self.digest = digest
    }

    /// `Qm…` (version 0), or version 1 in base 58, 36, 32 or 16. Nil when the text is none.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.textLimit else { return nil }
        let isFirstVersion = text.utf8.count == 46 && text.hasPrefix("Qm")
        guard let bytes = isFirstVersion ? Multibase.decodeBase58(text) : Multibase.decode(text) else { return nil }
        var reader = ByteReader(bytes[...])
        self.init(&reader)
        // Version 0 is never written with a prefix for its base.
        guard reader.isAtEnd, isFirstVersion == (version == 0) else { return nil }
    }

    /// Reads one, as links and CAR files hold it; nil when there is none.
    init?(_ reader: inout ByteReader) {
        if reader.rest.starts(with: [0x12, 0x20]) {
            version = 0
            codecCode = Codec.dagPB.rawValue
        } else {
            guard reader.varint() == 1, let code = reader.varint() else { return nil }
            version = 1
            codecCode = code
        }
        guard let code = reader.varint(), let count = reader.varint(), count <= Self.digestLimit,
            let bytes = reader.take(count)
        else { return nil }
        hashCode = code
        digest = Array(bytes)
    }

    var bytes: [UInt8] {
        let multihash = ByteReader.varint(hashCode) + ByteReader.varint(UInt64(digest.count)) + digest
        return version == 0 ? multihash : [1] + ByteReader.varint(codecCode) + multihash
    }

    var text: String { version == 0 ? Multibase.encodeBase58(bytes) : Multibase.encodeBase32(bytes) }

    /// Why blocks of this identifier cannot be checked or read here; nil: they can.
    var obstacle: String? {
        guard let hash = Hash(rawValue: hashCode) else {
            return "is hashed by \(Self.hashNames[hashCode] ?? "function \(hashCode)"), which is not supported: "
                + "sha2-256, sha2-512 and identity are"
        }
        let length: Int? =
            switch hash {
            case .identity: nil
            case .sha256: 32
            case .sha512: 64
            }
        if let length, digest.count != length { return "has a hash of \(digest.count) bytes in place of \(length)" }
        if codec == nil {
            return "is of the codec \(Self.codecNames[codecCode] ?? "\(codecCode)"), which is no file: raw and dag-pb are"
        }
        return nil
    }

    /// Whether these are the bytes that the identifier names.
    func names(_ block: [UInt8]) -> Bool {
        switch Hash(rawValue: hashCode) {
        case .identity: digest == block
        case .sha256: digest == SHA256Hasher.bytes(of: block)
        case .sha512: digest == SHA512.bytes(of: block)
        case nil: false
        }
    }

    /// The same block whatever its version: where it is looked up.
    var key: BlockKey { BlockKey(hashCode: hashCode, digest: digest) }

    private static let hashNames: [UInt64: String] = [
        0x11: "sha1", 0x14: "sha3-512", 0x16: "sha3-256", 0x1B: "keccak-256", 0x1E: "blake3", 0x22: "murmur3",
        0x56: "dbl-sha2-256", 0xB220: "blake2b-256", 0xB240: "blake2b-512",
    ]
    private static let codecNames: [UInt64: String] = [
        0x71: "dag-cbor", 0x72: "libp2p-key (an IPNS name)", 0x78: "git", 0x85: "dag-jose", 0x90: "eth-block",
        0x0129: "dag-json", 0x0200: "json",
    ]
}

/// What identifies a block's bytes.
struct BlockKey: Hashable, Sendable {
    let hashCode: UInt64
    let digest: [UInt8]
}
