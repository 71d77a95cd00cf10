/// Reads a block from its beginning; what is missing is nil, never a crash.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var place: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    var isAtEnd: Bool { place == bytes.endIndex }
    var rest: ArraySlice<UInt8> { bytes[place...] }

    /// An unsigned number of 7 bits a byte, the least significant first: multiformats' varint and protobuf's. Nil when it is
    /// cut off or has more than 63 bits (`wide`: 64, as protobuf allows).
    mutating func varint(wide: Bool = false) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: wide ? 70 : 63, by: 7) {
            guard place < bytes.endIndex else { return nil }
            let byte = bytes[place]
            place += 1
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(bytes.endIndex - place) else { return nil }
        defer { place += Int(count) }
        return bytes[place..<place + Int(count)]
    }

    static func varint(_ value: UInt64) -> [UInt8] {
        var out: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            out.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return out + [UInt8(rest)]
    }
}

/// The wire format of protocol buffers, as far as dag-pb and UnixFS use it: numbers and byte strings.
struct ProtobufReader {
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var reader: ByteReader

    init(_ bytes: ArraySlice<UInt8>) { reader = ByteReader(bytes) }

    /// Nil at the end; a failure of its own where the bytes are no such message.
    mutating func next() throws(BlockMistake) -> (field: UInt64, value: Value)? {
        if reader.isAtEnd { return nil }
        guard let key = reader.varint(wide: true) else { throw BlockMistake("is cut off in the middle of a field") }
        switch key & 7 {
        case 0:
            guard let number = reader.varint(wide: true) else { throw BlockMistake("is cut off in a number") }
            return (key >> 3, .number(number))
        case 1, 5:
            guard let bytes = reader.take(key & 7 == 1 ? 8 : 4) else { throw BlockMistake("is cut off in a number") }
            return (key >> 3, .bytes(bytes))
        case 2:
            guard let count = reader.varint(wide: true), let bytes = reader.take(count) else {
                throw BlockMistake("is cut off in a field")
            }
            return (key >> 3, .bytes(bytes))
        default: throw BlockMistake("has a field of an unknown kind")
        }
    }

    static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] {
        ByteReader.varint(number << 3) + ByteReader.varint(value)
    }

    static func field(_ number: UInt64, _ bytes: some Collection<UInt8>) -> [UInt8] {
        ByteReader.varint(number << 3 | 2) + ByteReader.varint(UInt64(bytes.count)) + bytes
    }
}

/// What is wrong with a block, to be read after its name.
struct BlockMistake: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
