internal import ImflowContent
internal import ImflowExecution
internal import ImflowPlan

/// Writes the file below a block (UnixFS): its leaves from left to right, whatever shape the tree has.
struct UnixFSReader {
    /// Levels of a tree. A balanced one of 5 levels holds more than a petabyte, a trickle one of 12 as well.
    private static let depthLimit = 32
    /// Links that are held at a time.
    private static let linksLimit = 1 << 20

    private let blocks: IPFSBlocks
    private let content: ContentStore
    private let limits: FetchLimits
    private let shown: String
    private var car: CARFile?
    private var visits = 0
    private var written: Int64 = 0
    /// A file with holes links the same leaf again and again.
    private var last: (cid: CID, block: [UInt8])?

    init(blocks: IPFSBlocks, content: ContentStore, limits: FetchLimits, shown: String) {
        self.blocks = blocks
        self.content = content
        self.limits = limits
        self.shown = shown
    }

    private struct Frame {
        var links: [DagPBNode.Link]
        /// What the part below each link has, as the node says; empty: it does not say.
        var sizes: [UInt64]
        var next = 0
        /// Where the part of the file began that must end with this frame, and how much it has.
        var start: Int64
        var size: UInt64?
    }

    /// Follows names through folders; answers the file's root.
    mutating func resolve(_ path: IPFSPath) async throws(Failure) -> CID {
        var cid = path.root
        for name in path.names {
            guard cid.codec == .dagPB else { throw Failure(.app, "\(shown): a part of the path before its end is no folder") }
            let (node, entry) = try Self.parsed(try await block(cid), cid, shown)
            switch entry.kind {
            case .folder: break
            case .shardedFolder: throw Failure(.app, "\(shown): \(Self.sharded)")
            default: throw Failure(.app, "\(shown): a part of the path before its end is no folder")
            }
            guard let link = node.links.first(where: { $0.name == name }) else {
                let names = node.links.prefix(8).map { String(decoding: $0.name, as: UTF8.self) }.joined(separator: ", ")
                let some = node.links.isEmpty ? "it is empty" : "it has \(names.prefix(200))"
                throw Failure(.app, "\(shown): the folder has no `\(String(decoding: name, as: UTF8.self))`; \(some)")
            }
            cid = link.cid
        }
        return cid
    }

    /// Writes the file of `root`, which is checked block by block on the way.
    mutating func write(_ root: CID, to file: TemporaryFile) async throws(Failure) {
        var frames: [Frame] = []
        var held = 0
        if let frame = try await visit(root, isRoot: true, to: file) { frames.append(frame) }
        held = frames.first?.links.count ?? 0
        while var frame = frames.popLast() {
            guard frame.next < frame.links.count else {
                held -= frame.links.count
                try check(frame)
                continue
            }
            let link = frame.links[frame.next]
            let size = frame.sizes.isEmpty ? nil : frame.sizes[frame.next]
            frame.next += 1
            frames.append(frame)
            let before = written
            guard var child = try await visit(link.cid, isRoot: false, to: file) else {
                if let size, UInt64(written - before) != size { throw inconsistent }
                continue
            }
            if let size, let own = child.size, own != size { throw inconsistent }
            child.size = child.size ?? size
            held += child.links.count
            guard frames.count < Self.depthLimit else { throw damaged("is deeper than \(Self.depthLimit) levels") }
            guard held <= Self.linksLimit else { throw damaged("has more than \(Self.linksLimit) links at a time") }
            frames.append(child)
        }
    }

    private func check(_ frame: Frame) throws(Failure) {
        if let size = frame.size, UInt64(written - frame.start) != size { throw inconsistent }
    }

    /// Writes what the block itself holds of the file; answers what lies below it, nil for a leaf.
    private mutating func visit(_ cid: CID, isRoot: Bool, to file: TemporaryFile) async throws(Failure) -> Frame? {
        visits += 1
        guard visits <= limits.blocks else { throw damaged("has more than \(limits.blocks) blocks") }
        if Task.isCancelled { throw Failure(.cancelled, "fetching \(shown) was cancelled") }
        let block = try await block(cid)
        if cid.codec == .raw {
            try append(block[...], to: file)
            return nil
        }
        let (node, entry) = try Self.parsed(block, cid, shown)
        try Self.checkKind(entry, node, shown, isRoot: isRoot)
        if isRoot, let size = entry.fileSize, size > UInt64(limits.maximumSize.bytes) { throw tooLarge }
        guard entry.blockSizes.isEmpty || entry.blockSizes.count == node.links.count else {
            throw damaged("has a block with \(node.links.count) links and \(entry.blockSizes.count) sizes")
        }
        if isRoot, node.links.count > 1 {
            let size = Int64(clamping: entry.fileSize ?? UInt64(limits.maximumSize.bytes))
            car = try await blocks.car(of: cid, size: min(size, limits.maximumSize.bytes), in: content)
        }
        let start = written
        try append(entry.data, to: file)
        return Frame(links: node.links, sizes: entry.blockSizes, start: start, size: entry.fileSize)
    }

    /// A block that is what its identifier names.
    private mutating func block(_ cid: CID) async throws(Failure) -> [UInt8] {
        if let last, last.cid == cid { return last.block }
        let block: [UInt8]
        if cid.obstacle == nil, let candidate = car?.block(cid) {
            guard cid.names(candidate) else {
                throw Failure(
                    .infra, "\(shown): the IPFS server answered other bytes than the block \(cid.text) has: they were not taken")
            }
            block = candidate
        } else {
            block = try await blocks.block(cid)
        }
        last = (cid, block)
        return block
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, to file: TemporaryFile) throws(Failure) {
        guard written + Int64(bytes.count) <= limits.maximumSize.bytes else { throw tooLarge }
        guard bytes.withUnsafeBytes({ file.write($0) }) else {
            throw file.failure ?? Failure(.infra, "\(shown) could not be kept")
        }
        written += Int64(bytes.count)
    }

    // MARK: What is wrong

    private static func parsed(
        _ block: [UInt8], _ cid: CID, _ shown: String
    ) throws(Failure) -> (DagPBNode, UnixFSEntry) {
        do throws(BlockMistake) {
            let node = try DagPBNode(block)
            return (node, try UnixFSEntry(node.data))
        } catch {
            throw Failure(.app, "\(shown): the block \(cid.text) \(error.text)")
        }
    }

    private static func checkKind(
        _ entry: UnixFSEntry, _ node: DagPBNode, _ shown: String, isRoot: Bool
    ) throws(Failure) {
        switch entry.kind {
        case .file, .raw: return
        case .folder where isRoot:
            let names = node.links.prefix(8).map { String(decoding: $0.name, as: UTF8.self) }.joined(separator: ", ")
            let some = node.links.isEmpty ? "an empty folder" : "a folder; add the name of a file in it: \(names.prefix(200))"
            throw Failure(.app, "\(shown) is \(some)")
        case .shardedFolder where isRoot: throw Failure(.app, "\(shown) is a folder, and \(sharded)")
        case .symbolicLink: throw Failure(.app, "\(shown) is a symbolic link, which is not followed; name the file itself")
        default: throw Failure(.app, "\(shown): a part of the file is a folder: it is damaged")
        }
    }

    private static let sharded =
        "its names are spread over many blocks (HAMT), which is not supported; give the CID of the file itself (ipfs ls)"

    private var tooLarge: Failure {
        Failure(.app, "\(shown) is larger than \(limits.shownMaximum), the most that is fetched")
    }

    private var inconsistent: Failure { damaged("has parts of other sizes than it says") }

    private func damaged(_ what: String) -> Failure { Failure(.app, "\(shown) \(what): whoever made it, made it wrong") }
}
