/// The blocks of a CAR of version 1 (ipld.io/specs/transport/car/carv1) that lies in a file: in any order, each found at once.
/// Nothing in it is trusted: who takes a block checks it. What is cut off or garbled ends it, and what came before counts.
struct CARFile {
    /// More blocks are not looked at.
    private static let blocksLimit = 1 << 22
    private static let headerLimit: UInt64 = 1 << 20

    private let file: TemporaryFile
    private var places: [BlockKey: (offset: Int64, count: Int)] = [:]

    init(_ file: TemporaryFile) {
        self.file = file
        let end = file.size
        var offset: Int64 = 0
        guard let header = section(at: &offset, end: end), header.count <= Self.headerLimit else { return }
        while places.count < Self.blocksLimit, let (start, count) = section(at: &offset, end: end) {
            // Versions of a CID take 2 to 20 bytes beside the digest.
            guard let head = file.read(Int(min(count, 160)), at: start) else { return }
            var reader = ByteReader(head[...])
            guard let cid = CID(&reader) else { return }
            let size = Int64(count) - Int64(reader.place)
            if size <= Int64(IPFSBlocks.blockLimit), places[cid.key] == nil {
                places[cid.key] = (start + Int64(reader.place), Int(size))
            }
        }
    }

    var count: Int { places.count }

    /// What the CAR has under the identifier; unchecked.
    func block(_ cid: CID) -> [UInt8]? {
        guard let (offset, count) = places[cid.key] else { return nil }
        return file.read(count, at: offset)
    }

    /// The next section's place; the offset is that behind it. Nil when it is not all there.
    private func section(at offset: inout Int64, end: Int64) -> (start: Int64, count: UInt64)? {
        guard offset < end, let head = file.read(9, at: offset) else { return nil }
        var reader = ByteReader(head[...])
        guard let count = reader.varint(), count > 0 else { return nil }
        let start = offset + Int64(reader.place)
        guard count <= UInt64(max(0, end - start)) else { return nil }
        offset = start + Int64(count)
        return (start, count)
    }
}
