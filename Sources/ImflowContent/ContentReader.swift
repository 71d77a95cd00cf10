package import ImflowExecution

/// Reads a stored value piece by piece and re-hashes it on the way: the end is only told of bytes that are those which
/// the hash names. What was read before the end is not to be trusted until then.
package final class ContentReader {
    /// In bytes; a value is never held in memory beyond one piece of it.
    package static let pieceSize = 1 << 18

    private let payload: Payload
    private let path: String
    private let file: OpenFile?
    private let inline: [UInt8]?
    /// How much of an inline value was handed out.
    private var offset = 0
    private var hasher: SHA256Hasher? = SHA256Hasher()
    private let buffer: UnsafeMutableRawBufferPointer

    /// - Parameter pieceSize: at most so many bytes are handed out at once.
    package init(
        _ payload: Payload, content: ContentStore, pieceSize: Int = ContentReader.pieceSize
    ) throws(ContentError) {
        self.payload = payload
        path = content.path(of: payload.hash)
        inline = payload.inline.map { Array($0.utf8) }
        if inline == nil { file = try content.openContent(payload.hash) } else { file = nil }
        buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(pieceSize, 1), alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// The next bytes, which hold until the next call; nil when all have been read and are as they should be.
    package func next() throws(ContentError) -> UnsafeRawBufferPointer? {
        let count = try fill()
        let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        if count > 0 {
            hasher?.update(piece)
            return piece
        }
        guard let hash = hasher.take()?.finish() else { return nil }
        guard hash == payload.hash else { throw ContentStore.corrupt(payload.hash, path) }
        return nil
    }

    private func fill() throws(ContentError) -> Int {
        guard let inline else {
            switch file {
            case .some(let file): return try file.read(into: buffer)
            case .none: return 0
            }
        }
        let count = min(inline.count - offset, buffer.count)
        inline.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
        }
        offset += count
        return count
    }
}
