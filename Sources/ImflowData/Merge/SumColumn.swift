internal import ImflowJSON

/// Exact sums side by side, each in three numbers as long as that is enough, and it nearly always is: an integer, and two
/// doubles that do not overlap (J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric
/// Predicates, 1997). What they cannot hold goes to an ``ExactSum``.
struct SumColumn: Sendable {
    /// Larger doubles are not added to others: no step may overflow.
    private static let large = 0x1p1000

    private var integers: [Int64]
    private var highs: [Double]
    private var lows: [Double]
    private var rests: [Int: ExactSum] = [:]

    init(count: Int) {
        integers = Array(repeating: 0, count: count)
        highs = Array(repeating: 0, count: count)
        lows = Array(repeating: 0, count: count)
    }

    mutating func add(_ number: JSONNumber, at index: Int) {
        switch number {
        case .int(let value): add(value, at: index)
        case .double(let value): add(value, at: index)
        }
    }

    private mutating func add(_ value: Int64, at index: Int) {
        let (sum, overflows) = integers[index].addingReportingOverflow(value)
        if overflows { rests[index, default: ExactSum()].add(value) } else { integers[index] = sum }
    }

    private mutating func add(_ value: Double, at index: Int) {
        guard value != 0 else { return }
        let (sum, rest) = Self.sum(value, lows[index])
        let (high, low) = Self.sum(sum, highs[index])
        guard abs(value) < Self.large, abs(high) < Self.large else {
            return rests[index, default: ExactSum()].add(value)
        }
        highs[index] = high
        let (kept, lost) = Self.sum(low, rest)
        lows[index] = kept
        if lost != 0 { rests[index, default: ExactSum()].add(lost) }
    }

    /// The rounded sum and what rounding took: exactly a + b (Knuth's two-sum).
    private static func sum(_ a: Double, _ b: Double) -> (sum: Double, rest: Double) {
        let sum = a + b
        let part = sum - a
        return (sum, (a - (sum - part)) + (b - part))
    }

    mutating func add(_ other: SumColumn) {
        for index in integers.indices {
            add(other.integers[index], at: index)
            add(other.highs[index], at: index)
            add(other.lows[index], at: index)
        }
        for (index, rest) in other.rests { rests[index, default: ExactSum()].add(rest) }
    }

    /// The sum: an integer exactly when it is one of 64 bits, else the nearest double; nil when that is more than a
    /// double holds.
    func sum(at index: Int) -> JSONNumber? {
        if isInteger(index) { return .int(integers[index]) }
        if integers[index] == 0, rests[index] == nil {
            // One rounding. Where doubles have room for a fraction, an integer has the same text either way.
            let value = highs[index] + lows[index]
            if abs(value) < 0x1p53 { return .double(value) }
        }
        let total = total(at: index)
        if let integer = total.integer { return .int(integer) }
        let value = total.quotient(by: 1)
        return value.isFinite ? .double(value) : nil
    }

    /// The double nearest to the sum divided by `count`.
    func mean(at index: Int, of count: Int) -> JSONNumber? {
        if isInteger(index), abs(Double(integers[index])) <= 0x1p53 {
            return .double(Double(integers[index]) / Double(count))
        }
        let value = total(at: index).quotient(by: count)
        return value.isFinite ? .double(value) : nil
    }

    private func isInteger(_ index: Int) -> Bool {
        highs[index] == 0 && lows[index] == 0 && (rests.isEmpty || rests[index] == nil)
    }

    private func total(at index: Int) -> ExactSum {
        var total = rests[index] ?? ExactSum()
        total.add(integers[index])
        total.add(highs[index])
        total.add(lows[index])
        return total
    }
}
