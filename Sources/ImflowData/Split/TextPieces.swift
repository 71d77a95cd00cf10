internal import Glibc
internal import ImflowExecution

/// A UTF-8 file of any size, in pieces.
struct TextPieces {
    static let standardSize = 1 << 20
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    /// The longest scalar that a piece may end inside of, less its last byte.
    private static let maximumTail = 3

    private let file: ImageFile
    private let pieceSize: Int

    /// - Parameter pieceSize: in bytes, more than a scalar has.
    init(path: String, name: String, pieceSize: Int = standardSize) throws(Failure) {
        precondition(pieceSize > Self.maximumTail, "a piece has room for a scalar")
        file = try ImageFile.reading(path, name: name)
        self.pieceSize = pieceSize
    }

    /// In bytes.
    var size: Int64 { file.size }

    /// Hands over each piece, whole scalars all, and where it begins in the file; a byte order mark is left out. Ends early
    /// when `body` answers false. Causes: `app` when the text is not UTF-8, `cancelled`, `infra`.
    func forEach(
        _ body: (UnsafeBufferPointer<UInt8>, Int64) throws(Failure) -> Bool
    ) throws(Failure) {
        var buffer = [UInt8](repeating: 0, count: pieceSize)
        var offset = Int64(try file.bytes(at: 0, count: Self.mark.count) == Self.mark ? Self.mark.count : 0)
        while offset < file.size {
            if Task.isCancelled { throw Failure(.cancelled, "reading \(file.name) was cancelled") }
            let count = Int(min(Int64(pieceSize), file.size - offset))
            let isLast = offset + Int64(count) == file.size
            let used = try buffer.rawBytes { (all) throws(Failure) -> Int? in
                let raw = UnsafeMutableRawBufferPointer(rebasing: all[..<count])
                guard try file.read(into: raw, at: offset) else { throw changed }
                let piece = UnsafeBufferPointer(raw.bindMemory(to: UInt8.self))
                let whole = UnsafeBufferPointer(rebasing: piece[..<(isLast ? count : Self.wholeScalars(piece))])
                guard String(validating: whole, as: UTF8.self) != nil else { throw try notUTF8(whole, offset) }
                return try body(whole, offset) ? whole.count : nil
            }
            guard let used else { return }
            offset += Int64(used)
        }
    }

    /// How many bytes there are before a scalar whose end is not there.
    private static func wholeScalars(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        for back in 1...maximumTail where back < bytes.count {
            let byte = bytes[bytes.count - back]
            if byte < 0x80 { break }
            if byte < 0xC0 { continue }
            let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return length > back ? bytes.count - back : bytes.count
        }
        return bytes.count
    }

    private var changed: Failure {
        Failure(.infra, "\(file.name) became shorter while it was read; run the job again")
    }

    private func notUTF8(_ piece: UnsafeBufferPointer<UInt8>, _ offset: Int64) throws(Failure) -> Failure {
        var decoder = UTF8()
        var bytes = piece.makeIterator()
        var line = try lineFeeds(before: offset) + 1
        while case .scalarValue(let scalar) = decoder.decode(&bytes) {
            if scalar == "\n" { line += 1 }
        }
        return Failure(.app, "\(file.name), line \(line): this is not UTF-8 text; convert it (iconv -t UTF-8) first")
    }

    private func lineFeeds(before end: Int64) throws(Failure) -> Int {
        var count = 0
        var offset: Int64 = 0
        while offset < end {
            let piece = try file.bytes(at: offset, count: Int(min(Int64(pieceSize), end - offset))) ?? []
            if piece.isEmpty { break }
            for byte in piece where byte == 0x0A { count += 1 }
            offset += Int64(piece.count)
        }
        return count
    }
}

extension Slice where Base == UnsafeBufferPointer<UInt8> {
    /// Where the first line feed stands.
    var firstLineFeed: Int? {
        guard !isEmpty, let start = base.baseAddress, let found = memchr(start + startIndex, 0x0A, count) else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(start)
    }
}
