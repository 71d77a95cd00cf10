import ImflowJSON

/// Comparing JSON numbers without the rounding of doubles.
enum ExactNumber {
    /// Under 0, 0 or over 0 as `left` is less than, equal to or greater than `right`. Both must be numbers.
    static func order(_ left: JSONValue, _ right: JSONValue) -> Int {
        switch (left, right) {
        case (.int(let a), .int(let b)): a < b ? -1 : a > b ? 1 : 0
        case (.int(let a), .number(let b)): order(a, b)
        case (.number(let a), .int(let b)): -order(b, a)
        case (.number(let a), .number(let b)): a < b ? -1 : a > b ? 1 : 0
        default: 0
        }
    }

    private static func order(_ integer: Int64, _ number: Double) -> Int {
        if number >= 0x1p63 { return -1 }
        if number < -0x1p63 { return 1 }
        let floor = Int64(number.rounded(.down))
        if integer != floor { return integer < floor ? -1 : 1 }
        return number > number.rounded(.down) ? -1 : 0
    }

    /// Whether `value` is an integer times `divisor`, over 0, both as their shortest decimal notation has them.
    static func isMultiple(_ value: JSONValue, of divisor: JSONValue) -> Bool {
        guard let a = Decimal(value), let b = Decimal(divisor), b.digits > 0 else { return false }
        if a.digits == 0 { return true }
        if a.exponent >= b.exponent {
            let power = remainderOfPowerOfTen(a.exponent - b.exponent, by: b.digits)
            return product(a.digits % b.digits, power, modulo: b.digits) == 0
        }
        var digits = a.digits
        for _ in 0..<(b.exponent - a.exponent) {
            let (quotient, rest) = digits.quotientAndRemainder(dividingBy: 10)
            if rest != 0 { return false }
            digits = quotient
        }
        return digits % b.digits == 0
    }

    private static func product(_ a: UInt64, _ b: UInt64, modulo divisor: UInt64) -> UInt64 {
        // Both factors are less than the divisor, so the high half is, too.
        divisor.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder
    }

    private static func remainderOfPowerOfTen(_ exponent: Int, by divisor: UInt64) -> UInt64 {
        var power = 1 % divisor
        for _ in 0..<exponent { power = product(power, 10 % divisor, modulo: divisor) }
        return power
    }

    /// A number's magnitude: `digits` times ten to the `exponent`.
    private struct Decimal {
        var digits: UInt64
        var exponent = 0

        init?(_ value: JSONValue) {
            switch value {
            case .int(let integer): digits = integer.magnitude
            case .number(let number):
                digits = 0
                var fraction = false
                var bytes = Array(number.magnitude.description.utf8)[...]
                while let byte = bytes.popFirst() {
                    switch byte {
                    case UInt8(ascii: "."): fraction = true
                    case UInt8(ascii: "e"):
                        guard let shift = Int(String(decoding: bytes, as: UTF8.self)) else { return nil }
                        exponent += shift
                        bytes = []
                    case UInt8(ascii: "0")...UInt8(ascii: "9"):
                        let (shifted, over) = digits.multipliedReportingOverflow(by: 10)
                        if over { return nil }
                        digits = shifted + UInt64(byte - UInt8(ascii: "0"))
                        if fraction { exponent -= 1 }
                    default: return nil
                    }
                }
            default: return nil
            }
        }
    }
}
