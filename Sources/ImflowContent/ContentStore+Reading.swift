import Glibc
package import ImflowExecution

extension ContentStore {
    /// A content's bytes, re-hashed: other bytes than those the hash names are a `corrupt` error, and more than `limit`
    /// bytes an error.
    package func read(_ hash: ContentHash, limit: Int) throws(ContentError) -> [UInt8] {
        let file = try openContent(hash)
        guard file.size <= Int64(limit) else {
            throw ContentError(
                .other, path: file.path, "\(hash) has \(file.size) bytes, more than the \(limit) that are read here")
        }
        let bytes = try file.contents(limit: limit)
        guard ContentHash(of: bytes) == hash else { throw Self.corrupt(hash, file.path) }
        return bytes
    }

    /// Whether the stored bytes are still those that the hash names. What is in their place but is no regular
    /// file is not. Missing content is an error.
    package func verify(_ hash: ContentHash) throws(ContentError) -> Bool {
        do throws(ContentError) {
            let file = try openContent(hash)
            return try file.digest().hash == hash
        } catch {
            if error.corrupt { return false }
            throw error
        }
    }

    /// Makes a read-only file of a content at `path`, which must be free. Whoever may change that file does not change
    /// the store's: the two share blocks, at most, until one is written to. Where they share none, damaged content is
    /// noticed and is an error.
    package func copy(_ hash: ContentHash, to path: String) throws(ContentError) {
        let file = try openContent(hash)
        let target = try OpenFile(creating: path, mode: 0o444)
        do throws(ContentError) {
            if file.clone(to: target) { return }
            guard try file.copy(to: target).hash == hash else { throw Self.corrupt(hash, file.path) }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Hands over a content's bytes in pieces, in order.
    /// - Returns: whether they were those that the hash names.
    package func read(_ hash: ContentHash, _ take: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        let file = try openContent(hash)
        var hasher = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: OpenFile.pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try file.read(into: buffer)
            if count == 0 { return hasher.finish() == hash }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(piece)
            try take(piece)
        }
    }

    static func corrupt(_ hash: ContentHash, _ path: String) -> ContentError {
        ContentError(
            .corrupt, path: path,
            "the stored content \(hash) is damaged: \(path) holds other bytes; `imflow cas verify --repair` takes it out, "
                + "and `imflow verify JOB` names what it hit")
    }
}
