package import ImflowExecution
internal import ImflowJSON

extension ContentStore {
    /// Every stored file that a value names, in the order in which they stand in it; one named twice comes twice. The value
    /// is read piece by piece and re-hashed, not parsed: it may be larger than memory.
    /// - Throws: `corrupt` or `missing` when the bytes are not those that the hash names.
    package func namedFiles(
        in payload: Payload, pieceSize: Int = ContentReader.pieceSize
    ) throws(ContentError) -> [ContentReference] {
        let reader = try ContentReader(payload, content: self, pieceSize: pieceSize)
        var scanner = ReferenceScanner()
        while let piece = try reader.next() { scanner.scan(piece) }
        scanner.finish()
        return scanner.found
    }
}

/// Finds the strings of canonical JSON text that are content references, in bytes that come in pieces.
private struct ReferenceScanner {
    private static let mark = Array("\"cas://sha256/".utf8)
    /// The longest string that is looked at; file names are far shorter.
    private static let longest = 1 << 16

    private(set) var found: [ContentReference] = []
    /// The end of what was scanned, where a reference may begin, with the byte before it.
    private var held: [UInt8] = []
    /// Whether the first byte of ``held`` was looked at.
    private var isFirstSeen = false

    mutating func scan(_ piece: UnsafeRawBufferPointer) {
        held.append(contentsOf: piece)
        let done = scan(isEnd: false)
        held.removeFirst(done)
        if done > 0 { isFirstSeen = true }
    }

    mutating func finish() {
        _ = scan(isEnd: true)
        held = []
    }

    /// - Returns: how many bytes need not be seen again.
    private mutating func scan(isEnd: Bool) -> Int {
        let bytes = held
        return bytes.withUnsafeBytes { bytes in
            var index = isFirstSeen ? 1 : 0
            while index + Self.mark.count <= bytes.count {
                guard bytes[index] == Self.mark[0], bytes[index + 1] == Self.mark[1],
                    bytes[index..<(index + Self.mark.count)].elementsEqual(Self.mark),
                    index == 0 || bytes[index - 1] != UInt8(ascii: "\\")
                else {
                    index += 1
                    continue
                }
                // What follows tells a member's name from a value.
                guard let end = Self.end(of: index, in: bytes), isEnd || end < bytes.count else {
                    if !isEnd, bytes.count - index < Self.longest { return max(index - 1, 0) }
                    index += 1
                    continue
                }
                let isName = end < bytes.count && bytes[end] == UInt8(ascii: ":")
                let text = try? JSONValue.parse(Array(bytes[index..<end])).stringValue
                if !isName, let reference = text.flatMap(ContentReference.init) { found.append(reference) }
                index = end
            }
            return max(index - 1, 0)
        }
    }

    /// Just past the closing quote of the string that starts at `start`.
    private static func end(of start: Int, in bytes: UnsafeRawBufferPointer) -> Int? {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") { return index + 1 }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
