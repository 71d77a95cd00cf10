/// The Unicode scalars of valid UTF-8, with the offset of each one's first byte.
struct ScalarOffsets: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> (Int, Unicode.Scalar)? {
        guard offset < bytes.count else { return nil }
        let start = offset
        let lead = bytes[start]
        let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        offset = Swift.min(start + length, bytes.count)
        if length == 1 { return (start, Unicode.Scalar(lead)) }
        var value = UInt32(lead) & (0xFF >> UInt32(length + 1))
        for byte in bytes[(start + 1)..<offset] { value = value << 6 | UInt32(byte & 0x3F) }
        return (start, Unicode.Scalar(value) ?? "\u{FFFD}")
    }
}
