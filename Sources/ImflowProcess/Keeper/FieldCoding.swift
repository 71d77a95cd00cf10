/// Writes fields one after the other, each text or list of bytes with its length before it.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ number: UInt32) { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }

    mutating func put(_ field: [UInt8]) {
        put(UInt32(clamping: field.count))
        bytes.append(contentsOf: field)
    }

    mutating func put(_ text: String) { put(Array(text.utf8)) }
}

/// Reads what a ``FieldWriter`` wrote; nil where there is something else.
struct FieldReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func number() -> UInt32? {
        guard bytes.count - position >= 4 else { return nil }
        defer { position += 4 }
        return (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << (8 * UInt32($1)) }
    }

    mutating func field() -> [UInt8]? {
        guard let count = number(), bytes.count - position >= Int(count) else { return nil }
        defer { position += Int(count) }
        return Array(bytes[position..<position + Int(count)])
    }

    mutating func text() -> String? { field().flatMap { String(validating: $0, as: UTF8.self) } }
}
