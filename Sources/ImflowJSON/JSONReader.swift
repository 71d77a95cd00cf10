/// Why a text is not JSON, and where: `offset` counts UTF-8 bytes from the start.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, without the place.
    package var message: String
    /// Where, in bytes from the start.
    package var offset: Int

    package init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    package var description: String { "\(message) at byte \(offset)" }
}

/// What a reader meets, in document order. Ranges are half-open UTF-8 byte ranges of the source.
package protocol JSONVisitor {
    /// `{` at `offset`.
    mutating func beginObject(at offset: Int) throws(JSONError)
    /// `end` is just past the `}`.
    mutating func endObject(at end: Int) throws(JSONError)
    /// `[` at `offset`.
    mutating func beginArray(at offset: Int) throws(JSONError)
    /// `end` is just past the `]`.
    mutating func endArray(at end: Int) throws(JSONError)
    /// A member's name, its range with the quotes; its value comes next.
    mutating func key(_ text: String, range: Range<Int>) throws(JSONError)
    /// A scalar: never an array or an object.
    mutating func scalar(_ value: JSONValue, range: Range<Int>) throws(JSONError)
}

/// A strict RFC 8259 reader: one value, UTF-8, no comments, no trailing commas. Depth is bounded, so
/// hostile input cannot exhaust the stack.
package struct JSONReader: ~Copyable {
    /// Deeper nesting than this is refused.
    package static let maximumDepth = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Walks `bytes` and tells `visitor` of everything in it.
    package static func read(_ bytes: [UInt8], into visitor: inout some JSONVisitor) throws(JSONError) {
        var failure: JSONError?
        bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONError) {
                var reader = JSONReader(buffer)
                if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
                try reader.value(&visitor)
                reader.skipSpace()
                if reader.position < buffer.count { throw reader.error("unexpected text after the value") }
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func error(_ message: String) -> JSONError { JSONError(message, at: position) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value(_ visitor: inout some JSONVisitor) throws(JSONError) {
        skipSpace()
        let start = position
        switch current {
        case nil: throw error("the text ends where a value is expected")
        case UInt8(ascii: "{"): try object(&visitor)
        case UInt8(ascii: "["): try array(&visitor)
        case UInt8(ascii: "\""):
            let text = try string()
            try visitor.scalar(.string(text), range: start..<position)
        case UInt8(ascii: "t"): try literal("true", .bool(true), &visitor)
        case UInt8(ascii: "f"): try literal("false", .bool(false), &visitor)
        case UInt8(ascii: "n"): try literal("null", .null, &visitor)
        default:
            let number = try number()
            try visitor.scalar(number, range: start..<position)
        }
    }

    private mutating func literal(
        _ word: StaticString, _ value: JSONValue, _ visitor: inout some JSONVisitor
    ) throws(JSONError) {
        let start = position
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            bytes[position..<position + count].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: count))
        else { throw error("not a JSON value") }
        position += count
        try visitor.scalar(value, range: start..<position)
    }

    private mutating func descend() throws(JSONError) {
        depth += 1
        if depth > Self.maximumDepth { throw error("nested deeper than \(Self.maximumDepth) levels") }
    }

    private mutating func object(_ visitor: inout some JSONVisitor) throws(JSONError) {
        try descend()
        try visitor.beginObject(at: position)
        position += 1
        skipSpace()
        var first = true
        while current != UInt8(ascii: "}") {
            if !first {
                guard current == UInt8(ascii: ",") else { throw error("expected ',' or '}'") }
                position += 1
                skipSpace()
            }
            first = false
            let start = position
            guard current == UInt8(ascii: "\"") else { throw error("expected a member name in quotes") }
            let key = try string()
            try visitor.key(key, range: start..<position)
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw error("expected ':' after the member name") }
            position += 1
            try value(&visitor)
            skipSpace()
        }
        position += 1
        depth -= 1
        try visitor.endObject(at: position)
    }

    private mutating func array(_ visitor: inout some JSONVisitor) throws(JSONError) {
        try descend()
        try visitor.beginArray(at: position)
        position += 1
        skipSpace()
        var first = true
        while current != UInt8(ascii: "]") {
            if !first {
                guard current == UInt8(ascii: ",") else { throw error("expected ',' or ']'") }
                position += 1
            }
            first = false
            try value(&visitor)
            skipSpace()
        }
        position += 1
        depth -= 1
        try visitor.endArray(at: position)
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        var integral = true
        if current == UInt8(ascii: "-") { position += 1 }
        guard let first = current, isDigit(first) else { throw error("not a JSON value") }
        if first == UInt8(ascii: "0") { position += 1 } else { skipDigits() }
        if current == UInt8(ascii: ".") {
            integral = false
            position += 1
            guard let digit = current, isDigit(digit) else { throw error("a digit must follow the decimal point") }
            skipDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            integral = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            guard let digit = current, isDigit(digit) else { throw error("a digit must follow the exponent") }
            skipDigits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if integral, let value = Int64(text) { return text == "-0" ? .number(-0.0) : .int(value) }
        guard let value = Double(text), value.isFinite else {
            throw JSONError("the number is too large", at: start)
        }
        return .number(value)
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private mutating func skipDigits() {
        while let byte = current, isDigit(byte) { position += 1 }
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if current == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try text(bytes[start..<position], at: start)
        }
        var scratch = Array(bytes[start..<position])
        while true {
            guard let byte = current else { throw error("the string does not end") }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return try scratch.withUnsafeBufferPointer { (buffer) throws(JSONError) in
                    try text(buffer[...], at: start)
                }
            case UInt8(ascii: "\\"): try escape(into: &scratch)
            case 0..<0x20: throw error("a control character must be escaped in a string")
            default:
                scratch.append(byte)
                position += 1
            }
        }
    }

    private func text(_ slice: Slice<UnsafeBufferPointer<UInt8>>, at start: Int) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw JSONError("the string is not valid UTF-8", at: start)
        }
        return text
    }

    private mutating func escape(into scratch: inout [UInt8]) throws(JSONError) {
        position += 1
        guard let byte = current else { throw error("the string does not end") }
        if let value = Self.escaped(byte) {
            scratch.append(value)
            position += 1
            return
        }
        guard byte == UInt8(ascii: "u") else { throw error("unknown escape in a string") }
        position += 1
        var scalar = try hex4()
        if (0xD800..<0xDC00).contains(scalar) {
            guard current == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u")
            else { throw error("a high surrogate without its low one") }
            position += 2
            let low = try hex4()
            guard (0xDC00..<0xE000).contains(low) else { throw error("a high surrogate without its low one") }
            scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let unicode = Unicode.Scalar(scalar) else { throw error("a low surrogate by itself") }
        scratch.append(contentsOf: Character(unicode).utf8)
    }

    /// What a one-letter escape stands for.
    private static func escaped(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private mutating func hex4() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("the string does not end") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("four hexadecimal digits must follow \\u")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
