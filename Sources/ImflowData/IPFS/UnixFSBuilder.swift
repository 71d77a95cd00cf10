internal import ImflowContent

/// Computes the CID that `ipfs add` gives a file, from its bytes in pieces, holding one chunk and the open nodes only:
/// chunks of 256 KiB, a balanced tree of at most 174 links a node (UnixFS; Kubo's importer).
struct UnixFSBuilder {
    /// How the file is written as blocks.
    enum Layout {
        /// Leaves are the file's bytes, CIDs of version 1 (`--cid-version=1 --raw-leaves`).
        case rawLeaves
        /// Leaves are dag-pb nodes, CIDs of version 0.
        case version0
    }

    static let chunkSize = 262_144
    private static let maximumLinks = 174

    private struct Child {
        var cid: CID
        /// Of the file.
        var fileBytes: UInt64
        /// Of all blocks.
        var totalBytes: UInt64
    }

    private let layout: Layout
    private var chunk: [UInt8] = []
    /// Children that wait for a node over them: leaves first, then nodes over leaves, and so on.
    private var levels: [[Child]] = [[]]
    private var isEmpty = true

    init(_ layout: Layout) {
        self.layout = layout
        chunk.reserveCapacity(Self.chunkSize)
    }

    mutating func add(_ bytes: some Collection<UInt8>) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.chunkSize - chunk.count)
            chunk.append(contentsOf: piece)
            rest = rest.dropFirst(piece.count)
            if chunk.count == Self.chunkSize { closeChunk() }
        }
    }

    /// Of the whole file; the builder is used up.
    mutating func finish() -> CID {
        if !chunk.isEmpty || isEmpty { closeChunk() }
        var level = 0
        while level < levels.count - 1 || levels[level].count > 1 {
            if !levels[level].isEmpty { closeNode(level) }
            level += 1
        }
        return levels[level][0].cid
    }

    private mutating func closeChunk() {
        isEmpty = false
        push(leaf(), level: 0)
        chunk.removeAll(keepingCapacity: true)
    }

    private func leaf() -> Child {
        let count = UInt64(chunk.count)
        switch layout {
        case .rawLeaves:
            let cid = CID(codec: .raw, sha256: SHA256Hasher.bytes(of: chunk))
            return Child(cid: cid, fileBytes: count, totalBytes: count)
        case .version0:
            let entry = UnixFSEntry(kind: .file, data: chunk[...], fileSize: count)
            return node(DagPBNode(links: [], data: entry.bytes), fileBytes: count, below: 0)
        }
    }

    private func node(_ node: DagPBNode, fileBytes: UInt64, below: UInt64) -> Child {
        let block = node.block
        let version = layout == .version0 ? 0 : 1
        let cid = CID(codec: .dagPB, sha256: SHA256Hasher.bytes(of: block), version: version)
        return Child(cid: cid, fileBytes: fileBytes, totalBytes: UInt64(block.count) + below)
    }

    /// A full level gets its node when its next child comes: the last one may be the root.
    private mutating func push(_ child: Child, level: Int) {
        if level == levels.count { levels.append([]) }
        if levels[level].count == Self.maximumLinks { closeNode(level) }
        levels[level].append(child)
    }

    private mutating func closeNode(_ level: Int) {
        let children = levels[level]
        levels[level].removeAll(keepingCapacity: true)
        let fileBytes = children.reduce(0) { $0 + $1.fileBytes }
        let entry = UnixFSEntry(kind: .file, fileSize: fileBytes, blockSizes: children.map(\.fileBytes))
        let links = children.map { DagPBNode.Link(cid: $0.cid, name: [], size: $0.totalBytes) }
        let below = children.reduce(0) { $0 + $1.totalBytes }
        push(node(DagPBNode(links: links, data: entry.bytes), fileBytes: fileBytes, below: below), level: level + 1)
    }
}
