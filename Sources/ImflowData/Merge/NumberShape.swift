internal import ImflowJSON

/// Canonical JSON text in which every value is a number, taken apart into its numbers, in order, and its shape: the text
/// with `0` for each of them. Members are sorted in canonical text, so results of one shape have one text of it.
struct NumberShape: Equatable, Sendable {
    /// A text that is no such value, or not of the shape that was expected.
    struct Mismatch: Error {}

    private(set) var text: [UInt8] = []

    /// The shape of `value`; hands out its numbers.
    init(of value: UnsafeRawBufferPointer, _ body: (JSONNumber) -> Void) throws(Mismatch) {
        var text: [UInt8] = []
        try Self.walk(value, number: body) { text.append(contentsOf: $0) }
        self.text = text
    }

    /// Hands out the numbers of `value`, which must have this shape.
    func match(_ value: UnsafeRawBufferPointer, _ body: (JSONNumber) -> Void) throws(Mismatch) {
        var position = 0
        var isSame = true
        try Self.walk(value, number: { if isSame { body($0) } }) { piece in
            guard isSame, position + piece.count <= text.count,
                text[position..<(position + piece.count)].elementsEqual(piece)
            else { return isSame = false }
            position += piece.count
        }
        guard isSame, position == text.count else { throw Mismatch() }
    }

    /// The text of a value of this shape, in pieces: `number` says what the next number is.
    func fill<E: Error>(_ number: () throws(E) -> JSONNumber, _ body: ([UInt8]) throws(E) -> Void) throws(E) {
        var isString = false
        var isEscaped = false
        var piece: [UInt8] = []
        for byte in text {
            guard byte == UInt8(ascii: "0"), !isString else {
                piece.append(byte)
                if !isEscaped, byte == UInt8(ascii: "\"") { isString.toggle() }
                isEscaped = isString && !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            piece.append(contentsOf: try number().json.canonicalBytes())
            if piece.count >= 1 << 16 {
                try body(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        try body(piece)
    }

    /// The value of this shape whose numbers are all 0.
    var zero: JSONValue? { try? JSONValue.parse(text) }

    private static func walk(
        _ value: UnsafeRawBufferPointer, number: (JSONNumber) -> Void, shape: (UnsafeRawBufferPointer) -> Void
    ) throws(Mismatch) {
        var start = 0
        var index = 0
        while index < value.count {
            switch value[index] {
            case UInt8(ascii: "\""):
                index = end(ofString: index, in: value)
                guard index < value.count, value[index] == UInt8(ascii: ":") else { throw Mismatch() }
            case 0x30...0x39, UInt8(ascii: "-"):
                shape(UnsafeRawBufferPointer(rebasing: value[start..<index]))
                let first = index
                while index < value.count, isOfNumber(value[index]) { index += 1 }
                guard let found = JSONNumber(text: UnsafeRawBufferPointer(rebasing: value[first..<index])) else {
                    throw Mismatch()
                }
                withUnsafeBytes(of: UInt8(ascii: "0")) { shape($0) }
                number(found)
                start = index
            case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): throw Mismatch()
            default: index += 1
            }
        }
        shape(UnsafeRawBufferPointer(rebasing: value[start...]))
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"): true
        default: false
        }
    }

    /// Just past the closing quote of the string that starts at `start`.
    private static func end(ofString start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }
}
