/// Cuts a stream into the bodies of messages: a header with `Content-Length`, an empty line, the body (LSP 3.17, "Base
/// Protocol"). What is no frame is reported once and skipped up to the next `Content-Length`.
package struct FrameReader {
    /// One message, or what stands where one is expected.
    package enum Frame: Equatable {
        case body([UInt8])
        /// A sentence about what was skipped.
        case malformed(String)
    }

    /// Most bytes of a header.
    package static let maximumHeader = 8 << 10
    /// Most bytes of a body. A document of 16 MiB fits, escaped.
    package static let maximumBody = 64 << 20

    private static let field = Array("content-length:".utf8)

    private var buffer: [UInt8] = []
    private var position = 0
    /// The length of the body that begins at ``position``; nil: a header begins there.
    private var expected: Int?
    /// Bytes of a refused body that are still to come.
    private var skipped = 0
    /// Whether what stands before the next field was reported already.
    private var isSkipping = false

    package init() {}

    /// Bytes that were given and not yet taken.
    package var pendingBytes: Int { buffer.count - position }

    /// Adds what was read from the stream.
    package mutating func append(_ bytes: some Sequence<UInt8>) {
        if position > 0, position >= buffer.count / 2 {
            buffer.removeFirst(position)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next frame; nil: more bytes are needed.
    package mutating func next() -> Frame? {
        if skipped > 0 {
            let count = min(skipped, pendingBytes)
            position += count
            skipped -= count
            if skipped > 0 { return nil }
        }
        if expected == nil, let problem = readHeader() { return .malformed(problem) }
        guard let length = expected, pendingBytes >= length else { return nil }
        defer { position += length }
        expected = nil
        return .body(Array(buffer[position..<position + length]))
    }

    /// Reads a header, so that ``expected`` is set, when all of it is there. A sentence when it is none.
    private mutating func readHeader() -> String? {
        guard let end = headerEnd() else {
            guard pendingBytes > Self.maximumHeader else { return nil }
            let isReported = isSkipping
            skipToField()
            return isReported ? readHeader() : "a header has more than \(Self.maximumHeader) bytes"
        }
        let header = buffer[position..<end]
        guard let start = fieldStarts(in: header).last else {
            position = end + 4
            return "a header has no Content-Length"
        }
        let isLineStart = start == position || buffer[start - 1] == 0x0A
        guard isLineStart else {
            position = start
            defer { isSkipping = false }
            return isSkipping ? readHeader() : "text that belongs to no message stands before a header"
        }
        isSkipping = false
        position = end + 4
        return setLength(header[(start + Self.field.count)...])
    }

    private mutating func setLength(_ rest: ArraySlice<UInt8>) -> String? {
        let line = rest.prefix { $0 != 0x0D && $0 != 0x0A }.drop { $0 == 0x20 || $0 == 0x09 }
        let digits = line.prefix { (0x30...0x39).contains($0) }
        let isNumber = line.dropFirst(digits.count).allSatisfy { $0 == 0x20 || $0 == 0x09 }
        guard isNumber, digits.count <= 12, let length = Int(String(decoding: digits, as: UTF8.self)) else {
            return "a Content-Length is no number of bytes"
        }
        guard length <= Self.maximumBody else {
            skipped = length
            return "a message has \(length) bytes, more than \(Self.maximumBody >> 20) MiB"
        }
        expected = length
        return nil
    }

    /// Where the empty line begins that ends the header at ``position``, at its line break; nil: not yet there.
    private func headerEnd() -> Int? {
        let limit = min(buffer.count, position + Self.maximumHeader + 4)
        var index = position
        while index + 3 < limit {
            if buffer[index] == 0x0D, buffer[index + 1] == 0x0A, buffer[index + 2] == 0x0D, buffer[index + 3] == 0x0A {
                return index
            }
            index += 1
        }
        return nil
    }

    private func fieldStarts(in bytes: ArraySlice<UInt8>) -> [Int] {
        guard bytes.count >= Self.field.count else { return [] }
        return (bytes.startIndex...bytes.endIndex - Self.field.count).filter { start in
            Self.field.indices.allSatisfy { index in
                let byte = bytes[start + index]
                return ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == Self.field[index]
            }
        }
    }

    /// Drops bytes up to the next field, or all but what may be the beginning of one.
    private mutating func skipToField() {
        let rest = buffer[(position + 1)...]
        position = fieldStarts(in: rest).first ?? max(position + 1, buffer.count - Self.field.count + 1)
        isSkipping = true
    }
}
