internal import ImflowJSON

/// A number as canonical text has it: an integer that fits 64 bits, or else a double.
enum JSONNumber: Sendable {
    case int(Int64)
    case double(Double)

    /// Nil when `value` is no number.
    init?(_ value: JSONValue) {
        switch value {
        case .int(let value): self = .int(value)
        case .number(let value): self = .double(value)
        default: return nil
        }
    }

    /// Nil when the text is no number.
    init?(text: UnsafeRawBufferPointer) {
        var magnitude: Int64 = 0
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        // So many digits fit.
        if (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) {
            for digit in digits { magnitude = magnitude * 10 + Int64(digit & 15) }
            self = .int(digits.count == text.count ? magnitude : -magnitude)
            return
        }
        let string = String(decoding: text, as: UTF8.self)
        if let value = Int64(string) {
            self = .int(value)
        } else if let value = Double(string), value.isFinite {
            self = .double(value)
        } else {
            return nil
        }
    }

    var json: JSONValue {
        switch self {
        case .int(let value): .int(value)
        case .double(let value): .number(value)
        }
    }

    /// By value, exactly: as doubles, integers beyond 2^53 would equal their neighbours, and the greatest would depend on the
    /// order in which they are asked.
    static func isLess(_ left: JSONNumber, _ right: JSONNumber) -> Bool {
        switch (left, right) {
        case (.int(let left), .int(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.int(let left), .double(let right)): compare(left, right) < 0
        case (.double(let left), .int(let right)): compare(right, left) > 0
        }
    }

    /// Below, at or above 0 as `integer` is below, at or above `double`.
    private static func compare(_ integer: Int64, _ double: Double) -> Int {
        if double >= 0x1p63 { return -1 }
        if double < -0x1p63 { return 1 }
        let floor = Int64(double.rounded(.down))
        if integer != floor { return integer < floor ? -1 : 1 }
        return Double(floor) < double ? -1 : 0
    }
}
