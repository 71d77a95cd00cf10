/// The exact sum of doubles and 64-bit integers, in any order: a fixed-point number that has a place for every bit that a
/// double can have, as Kulisch's long accumulator and the small superaccumulator of R. M. Neal (Fast exact summation using
/// small and large superaccumulators, arXiv:1505.05571) are. Rounded once, at the end.
struct ExactSum: Sendable {
    /// Digits to the base 2^32, the lowest first, each with its sign and room for carries. Digit `unitDigit` counts ones; below
    /// it are 1,088 bits, of which doubles use 1,074, and above it 1,152, of which they use 1,024.
    private static let unitDigit = 34
    private static let digitCount = 70
    /// So many additions cannot make a digit overflow.
    private static let roomForCarries = 1 << 29

    private var digits = [Int64](repeating: 0, count: Self.digitCount)
    private var additions = 0

    /// Adds a finite number.
    mutating func add(_ value: Double) {
        guard value != 0 else { return }
        let isNormal = value.exponentBitPattern > 0
        let significand = value.significandBitPattern | (isNormal ? 1 << 52 : 0)
        // The place of the significand's lowest bit, from the lowest bit of all.
        let place = 32 * Self.unitDigit - 1074 + max(Int(value.exponentBitPattern), 1) - 1
        add(significand, at: place, isNegative: value < 0)
    }

    mutating func add(_ value: Int64) { add(value.magnitude, at: 32 * Self.unitDigit, isNegative: value < 0) }

    private mutating func add(_ bits: UInt64, at place: Int, isNegative: Bool) {
        if additions >= Self.roomForCarries { carry() }
        additions += 1
        var rest = UInt128(bits) << UInt128(place % 32)
        var digit = place / 32
        while rest != 0 {
            let part = Int64(rest & 0xFFFF_FFFF)
            digits[digit] += isNegative ? -part : part
            rest >>= 32
            digit += 1
        }
    }

    mutating func add(_ other: ExactSum) {
        var other = other
        other.carry()
        carry()
        for index in digits.indices { digits[index] += other.digits[index] }
        additions = 1
    }

    /// Leaves every digit but the highest in 0..<2^32.
    private mutating func carry() {
        for index in 0..<(Self.digitCount - 1) {
            let high = digits[index] >> 32
            digits[index] -= high << 32
            digits[index + 1] += high
        }
        additions = 1
    }

    /// The sum as an integer, when it is one and fits.
    var integer: Int64? {
        let (digits, isNegative) = magnitude()
        guard digits[..<Self.unitDigit].allSatisfy({ $0 == 0 }), digits[(Self.unitDigit + 2)...].allSatisfy({ $0 == 0 })
        else { return nil }
        let value = UInt64(digits[Self.unitDigit]) | UInt64(digits[Self.unitDigit + 1]) << 32
        if isNegative { return value <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
        return Int64(exactly: value)
    }

    /// The double that is nearest to the sum divided by `count`, of two equally near ones the even one; infinite when it is
    /// more than a double holds. `count` is in 1..<2^31.
    func quotient(by count: Int) -> Double {
        var (digits, isNegative) = magnitude()
        var remainder: UInt64 = 0
        for index in digits.indices.reversed() where count > 1 {
            let part = remainder << 32 | UInt64(digits[index])
            digits[index] = UInt32(truncatingIfNeeded: part / UInt64(count))
            remainder = part % UInt64(count)
        }
        let value = Self.rounded(digits, hasRest: remainder != 0)
        return isNegative ? -value : value
    }

    /// `hasRest`: the true value is a little more.
    private static func rounded(_ digits: [UInt32], hasRest: Bool) -> Double {
        guard let top = digits.lastIndex(where: { $0 != 0 }) else { return 0 }
        let highest = 32 * top + 31 - digits[top].leadingZeroBitCount
        // Of subnormal numbers the lowest bit is fixed.
        let lowest = max(highest - 52, 32 * unitDigit - 1074)
        func bit(_ place: Int) -> Bool { digits[place / 32] >> UInt32(place % 32) & 1 == 1 }
        var significand: UInt64 = 0
        for place in stride(from: highest, through: lowest, by: -1) {
            significand = significand << 1 | (bit(place) ? 1 : 0)
        }
        if bit(lowest - 1) {
            var isMore = hasRest
            let digit = (lowest - 1) / 32
            if digits[digit] & (1 << UInt32((lowest - 1) % 32) - 1) != 0 { isMore = true }
            if digits[..<digit].contains(where: { $0 != 0 }) { isMore = true }
            if isMore || significand & 1 == 1 { significand += 1 }
        }
        return Double(sign: .plus, exponent: lowest - 32 * unitDigit, significand: Double(significand))
    }

    private func magnitude() -> (digits: [UInt32], isNegative: Bool) {
        var sum = self
        sum.carry()
        let isNegative = (sum.digits.last ?? 0) < 0
        if isNegative {
            for index in sum.digits.indices { sum.digits[index] = -sum.digits[index] }
            sum.carry()
        }
        return (sum.digits.map { UInt32(truncatingIfNeeded: $0) }, isNegative)
    }
}
