package import ImflowExecution

extension ContentStore {
    /// What a reference begins with; in RFC 8785 bytes it stands as it is.
    private static let mark = Array("cas://sha256/".utf8)
    private static let hashLength = 64

    /// Every content that JSON bytes refer to, by looking at the bytes alone; what merely looks like a reference counts, too.
    package static func references(in bytes: some RandomAccessCollection<UInt8>) -> [ContentHash] {
        var found: [ContentHash] = []
        _ = bytes.withContiguousStorageIfAvailable { buffer in
            var index = 0
            let last = buffer.count - mark.count - hashLength
            while index <= last {
                guard buffer[index] == mark[0], buffer[index..<(index + mark.count)].elementsEqual(mark) else {
                    index += 1
                    continue
                }
                let start = index + mark.count
                let hex = String(decoding: buffer[start..<(start + hashLength)], as: UTF8.self)
                if let hash = ContentHash(hex: hex) { found.append(hash) }
                index = start
            }
        }
        return found
    }

    /// The contents that a value refers to, and its own when it is not inline. Its bytes are not re-hashed; one that is gone
    /// refers to nothing.
    package func references(of payload: Payload) -> [ContentHash] {
        if let inline = payload.inline { return Self.references(in: Array(inline.utf8)) }
        return [payload.hash] + scan(payload.hash)
    }

    private func scan(_ hash: ContentHash) -> [ContentHash] {
        guard let file = try? openContent(hash) else { return [] }
        let overlap = Self.mark.count + Self.hashLength - 1
        let size = OpenFile.pieceSize + overlap
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { buffer.deallocate() }
        var found: [ContentHash] = []
        var held = 0
        while true {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[held..<size])
            guard let count = try? file.read(into: room), count > 0 else { return found }
            let filled = UnsafeRawBufferPointer(rebasing: buffer[..<(held + count)])
            found += Self.references(in: filled)
            // A reference may lie across the end of a piece; one that lies whole in the rest is found twice.
            held = min(overlap, filled.count)
            let rest = UnsafeRawBufferPointer(rebasing: filled[(filled.count - held)...])
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<held]).copyMemory(from: rest)
        }
    }
}
