/// Byte offsets of a text's characters (Unicode scalars), for libyaml, whose marks count characters and leave out
/// the byte order mark. Exact for every line break and encoding; memory is an eighth of the text's at most.
struct CharacterOffsets {
    private static let stride = 32
    private let bytes: UnsafeBufferPointer<UInt8>
    /// The offset of every 32nd character; nil when every character is one byte.
    private let checkpoints: [Int32]?
    private let base: Int

    /// - Parameter bytes: valid UTF-8 that outlives this value, below 2 GiB.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        base = bytes.starts(with: TextCheck.byteOrderMark) ? 3 : 0
        guard bytes[base...].contains(where: { $0 >= 0x80 }) else {
            checkpoints = nil
            return
        }
        var offsets: [Int32] = []
        var count = 0
        for offset in base..<bytes.count where bytes[offset] & 0xC0 != 0x80 {
            if count % Self.stride == 0 { offsets.append(Int32(offset)) }
            count += 1
        }
        checkpoints = offsets
    }

    /// The byte offset of character `index`; the text's end for indices beyond it.
    func offset(of index: Int) -> Int {
        guard let checkpoints else { return min(base + index, bytes.count) }
        let nearest = min(index / Self.stride, checkpoints.count - 1)
        guard nearest >= 0 else { return bytes.count }
        var offset = Int(checkpoints[nearest])
        for _ in 0..<(index - nearest * Self.stride) {
            guard offset < bytes.count else { break }
            offset += 1
            while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
        }
        return offset
    }
}
