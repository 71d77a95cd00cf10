/// A node of a dag-pb block (ipld.io/specs/codecs/dag-pb): links to other blocks, and data.
struct DagPBNode {
    struct Link {
        var cid: CID
        var name: [UInt8]
        /// Bytes of all that the link leads to, as whoever made the node claims.
        var size: UInt64
    }

    var links: [Link]
    var data: ArraySlice<UInt8>

    init(links: [Link], data: [UInt8]) {
        self.links = links
        self.data = data[...]
    }

    init(_ block: [UInt8]) throws(BlockMistake) {
        links = []
        data = []
        var reader = ProtobufReader(block[...])
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)): data = bytes
            case (2, .bytes(let bytes)): links.append(try Self.link(bytes))
            default: throw BlockMistake("is no dag-pb node: it has a field \(field)")
            }
        }
    }

    private static func link(_ bytes: ArraySlice<UInt8>) throws(BlockMistake) -> Link {
        var cid: CID?
        var name: [UInt8] = []
        var size: UInt64 = 0
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)):
                var place = ByteReader(bytes)
                cid = CID(&place)
                if !place.isAtEnd { cid = nil }
            case (2, .bytes(let bytes)): name = Array(bytes)
            case (3, .number(let number)): size = number
            default: throw BlockMistake("is no dag-pb node: a link has a field \(field)")
            }
        }
        guard let cid else { throw BlockMistake("is no dag-pb node: a link leads nowhere") }
        return Link(cid: cid, name: name, size: size)
    }

    /// The one way in which a node is written: links first, and every link with a name.
    var block: [UInt8] {
        var out: [UInt8] = []
        for link in links {
            let bytes =
                ProtobufReader.field(1, link.cid.bytes) + ProtobufReader.field(2, link.name)
                + ProtobufReader.field(3, link.size)
            out += ProtobufReader.field(2, bytes)
        }
        return out + ProtobufReader.field(1, data)
    }
}

/// The data of a dag-pb node of a file system (UnixFS; specs.ipfs.tech/unixfs).
struct UnixFSEntry {
    enum Kind: UInt64 {
        case raw = 0
        case folder = 1
        case file = 2
        case metadata = 3
        case symbolicLink = 4
        case shardedFolder = 5
    }

    var kind: Kind
    var data: ArraySlice<UInt8> = []
    /// Of the file below the node; nil when it does not say.
    var fileSize: UInt64?
    /// Of the part of the file below each link.
    var blockSizes: [UInt64] = []

    init(kind: Kind, data: ArraySlice<UInt8> = [], fileSize: UInt64?, blockSizes: [UInt64] = []) {
        self.kind = kind
        self.data = data
        self.fileSize = fileSize
        self.blockSizes = blockSizes
    }

    init(_ bytes: ArraySlice<UInt8>) throws(BlockMistake) {
        var kind: Kind?
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .number(let number)): kind = Kind(rawValue: number)
            case (2, .bytes(let bytes)): data = bytes
            case (3, .number(let number)): fileSize = number
            case (4, .number(let number)): blockSizes.append(number)
            case (4, .bytes(let packed)):
                var numbers = ByteReader(packed)
                while !numbers.isAtEnd {
                    guard let number = numbers.varint(wide: true) else { throw BlockMistake("is cut off in a number") }
                    blockSizes.append(number)
                }
            // The hash function and width of a sharded folder, permissions, times.
            default: break
            }
        }
        guard let kind else { throw BlockMistake("is no part of a file or folder") }
        self.kind = kind
    }

    var bytes: [UInt8] {
        var out = ProtobufReader.field(1, kind.rawValue)
        if !data.isEmpty { out += ProtobufReader.field(2, data) }
        if let fileSize { out += ProtobufReader.field(3, fileSize) }
        for size in blockSizes { out += ProtobufReader.field(4, size) }
        return out
    }
}
