/// Appends numbers and texts to bytes: the alphabet of ``FactCoder``.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ byte: UInt8) { bytes.append(byte) }

    /// Unsigned LEB128: seven bits a byte, the lowest first.
    mutating func put(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func put(_ number: Int) { put(UInt64(bitPattern: Int64(number))) }

    /// Least significant byte first.
    mutating func put(fixed number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }

    /// Its length in bytes, then the bytes.
    mutating func put(_ text: String) {
        put(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(_ content: some Collection<UInt8>) {
        put(content.count)
        bytes.append(contentsOf: content)
    }

    mutating func put(raw content: some Collection<UInt8>) { bytes.append(contentsOf: content) }
}

/// Takes back what a ``ByteWriter`` put. Every step is bounded by the bytes that there are.
struct ByteReader {
    struct Malformed: Error {}

    private let bytes: UnsafeRawBufferPointer
    private var place: Int
    private let end: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        place = 0
        end = bytes.count
    }

    var isAtEnd: Bool { place == end }

    mutating func byte() throws(Malformed) -> UInt8 {
        guard place < end else { throw Malformed() }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func number() throws(Malformed) -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || (shift == 63 && next <= 1) else { throw Malformed() }
            number |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return number }
            shift += 7
        }
    }

    mutating func signed() throws(Malformed) -> Int64 { Int64(bitPattern: try number()) }

    mutating func int() throws(Malformed) -> Int { Int(try signed()) }

    mutating func fixed() throws(Malformed) -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { number |= UInt64(try byte()) << shift }
        return number
    }

    /// The next `count` bytes.
    mutating func raw(_ count: Int) throws(Malformed) -> UnsafeRawBufferPointer.SubSequence {
        guard count >= 0, count <= end - place else { throw Malformed() }
        defer { place += count }
        return bytes[place..<place + count]
    }

    mutating func text() throws(Malformed) -> String { String(decoding: try raw(try int()), as: UTF8.self) }
}
