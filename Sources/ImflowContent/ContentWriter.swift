import Glibc
package import ImflowExecution

/// A value that is written piece by piece: small ones stay in memory, larger ones go to a temporary file of the store, which
/// becomes the stored content under the hash that was taken on the way. What is not finished leaves nothing behind.
package final class ContentWriter {
    /// Bytes that are held in memory before they go to the file.
    package static let bufferSize = 1 << 20

    private let content: ContentStore
    private let bufferSize: Int
    private var buffer: [UInt8] = []
    private var hasher: SHA256Hasher? = SHA256Hasher()
    private var file: OpenFile?
    private var path: String?
    /// What was written, in bytes.
    package private(set) var size = 0

    package init(content: ContentStore, bufferSize: Int = ContentWriter.bufferSize) {
        self.content = content
        self.bufferSize = max(bufferSize, 1)
    }

    deinit { if let path { unlink(path) } }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(ContentError) {
        guard !bytes.isEmpty else { return }
        size += bytes.count
        buffer.append(contentsOf: bytes)
        if buffer.count >= bufferSize { try flush() }
    }

    package func write(_ bytes: [UInt8]) throws(ContentError) {
        var failure: ContentError?
        bytes.withUnsafeBytes { buffer in
            do throws(ContentError) { try write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    package func write(_ text: String) throws(ContentError) { try write(Array(text.utf8)) }

    /// Writes what `other` holds from byte `offset` on. `other` is used up.
    package func write(_ other: ContentWriter, from offset: Int) throws(ContentError) {
        guard other.path != nil else { return try write(Array(other.buffer[min(offset, other.buffer.count)...])) }
        try other.flush()
        try other.forEachPiece(from: offset) { piece throws(ContentError) in try write(piece) }
    }

    /// The value as it travels: inline up to ``Payload/inlineLimit``, else stored. The writer is used up.
    package func finish() throws(ContentError) -> Payload {
        guard let path else {
            let hash = ContentHash(of: buffer)
            guard size > Payload.inlineLimit else {
                return Payload(hash: hash, size: size, inline: String(decoding: buffer, as: UTF8.self))
            }
            return Payload(hash: try content.put(buffer), size: size, inline: nil)
        }
        try flush()
        guard size > Payload.inlineLimit else { return try inlined() }
        guard let hash = hasher.take()?.finish() else {
            throw ContentError(.other, path: path, "\(path) was finished twice; this is a bug of imflow")
        }
        switch file {
        case .some(let file): try content.settle(path, file, hash, size: Int64(size))
        case .none: break
        }
        self.path = nil
        return Payload(hash: hash, size: size, inline: nil)
    }

    /// With a buffer that is smaller than the limit, small values went to the file, too.
    private func inlined() throws(ContentError) -> Payload {
        var bytes: [UInt8] = []
        try forEachPiece(from: 0) { bytes.append(contentsOf: $0) }
        return Payload(hash: ContentHash(of: bytes), size: size, inline: String(decoding: bytes, as: UTF8.self))
    }

    private func flush() throws(ContentError) {
        guard !buffer.isEmpty else { return }
        if path == nil {
            let path = content.temporaryFile()
            file = try OpenFile(creating: path, mode: 0o444)
            self.path = path
        }
        hasher?.update(buffer)
        switch file {
        case .some(let file): try file.write(buffer)
        case .none: break
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func forEachPiece(
        from offset: Int, _ body: (UnsafeRawBufferPointer) throws(ContentError) -> Void
    ) throws(ContentError) {
        switch file {
        case .some(let file):
            let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: ContentReader.pieceSize, alignment: 16)
            defer { piece.deallocate() }
            var place = offset
            while true {
                let count = try file.read(into: piece, at: place)
                if count == 0 { return }
                place += count
                try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            }
        case .none: break
        }
    }
}
