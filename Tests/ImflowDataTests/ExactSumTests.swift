import ImflowJSON
import Testing

@testable import ImflowData

@Suite struct ExactSumTests {
    private static let tiny = Double.leastNonzeroMagnitude
    /// The least normal number.
    private static let least = Double.leastNormalMagnitude

    private func sum(_ values: [Double]) -> Double {
        var sum = ExactSum()
        for value in values { sum.add(value) }
        return sum.quotient(by: 1)
    }

    @Test(arguments: [
        ([], 0), ([0.1, 0.2, 0.3], 0.6), (Array(repeating: 0.1, count: 10), 1), ([1e308, 1e308, -1e308], 1e308),
        ([1e16, 1, -1e16], 1), ([tiny, tiny], 2 * tiny), ([-tiny, tiny], 0), ([1e308, -1e-308], 1e308),
        ([1, 0x1p-53], 1), ([1, 0x1p-53, tiny], 1.0.nextUp), ([-1, -0x1p-53, -tiny], (-1.0).nextDown),
        ([least.nextDown, tiny], least), ([least, -tiny], least.nextDown),
        ([.greatestFiniteMagnitude, 0x1p969], .greatestFiniteMagnitude),
        ([.greatestFiniteMagnitude, 0x1p970], .infinity), ([-.greatestFiniteMagnitude, -1e300], -.infinity),
    ] as [([Double], Double)])
    func sumsAreTheNearestDoubles(values: [Double], expected: Double) {
        #expect(sum(values) == expected)
        #expect(sum(values.reversed()) == expected)
    }

    @Test func sumsAreThoseOfWideIntegers() {
        var random = SplitMix(state: 11)
        for _ in 0..<500 {
            let scaled = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                Int64.random(in: -(1 << 52)...(1 << 52), using: &random) >> Int64.random(in: 0...51, using: &random)
            }
            let total = scaled.reduce(Int128(0)) { $0 + Int128($1) }
            var exact = ExactSum()
            var column = SumColumn(count: 1)
            for value in scaled {
                exact.add(Double(value) * 0x1p-20)
                column.add(.double(Double(value) * 0x1p-20), at: 0)
            }
            let expected = Double(total) * 0x1p-20
            #expect(exact.quotient(by: 1) == expected)
            #expect(column.sum(at: 0)?.json.doubleValue == expected)
            guard abs(total) < 1 << 53 else { continue }
            let count = Int.random(in: 1...1000, using: &random)
            #expect(exact.quotient(by: count) == Double(total) / Double(count) * 0x1p-20)
        }
    }

    @Test func integersAreExact() {
        var sum = ExactSum()
        sum.add(Int64.max)
        #expect(sum.integer == .max)
        sum.add(Int64(1))
        #expect(sum.integer == nil)
        #expect(sum.quotient(by: 1) == 0x1p63)
        for _ in 0..<2 { sum.add(Int64.min) }
        #expect(sum.integer == .min)
        sum.add(0.5)
        #expect(sum.integer == nil)
        sum.add(-1.5)
        #expect(sum.integer == nil)
        sum.add(Int64(2))
        #expect(sum.integer == .min + 1)
    }

    @Test func manyCarriesFit() {
        var sum = ExactSum()
        for _ in 0..<70_000 { sum.add(0x1.FFFFFFFFFFFFFp40) }
        var twice = sum
        for _ in 0..<4 { twice.add(twice) }
        #expect(sum.quotient(by: 70_000) == 0x1.FFFFFFFFFFFFFp40)
        #expect(twice.quotient(by: 70_000 * 16) == 0x1.FFFFFFFFFFFFFp40)
    }

    @Test(arguments: [
        (JSONValue.int(9_007_199_254_740_993), JSONValue.number(9_007_199_254_740_992), false),
        (.int(.max), .number(0x1p63), true), (.int(.min), .number(-0x1p63), false), (.int(-1), .number(-0.5), true),
        (.int(0), .number(-0.5), false), (.int(-1), .number(-1.5), false), (.int(3), .number(3.5), true),
        (.int(.max), .number(1e300), true), (.int(.min), .number(-1e300), false),
    ] as [(JSONValue, JSONValue, Bool)])
    func integersAndDoublesAreComparedExactly(left: JSONValue, right: JSONValue, isLess: Bool) throws {
        let (left, right) = (try #require(JSONNumber(left)), try #require(JSONNumber(right)))
        #expect(JSONNumber.isLess(left, right) == isLess)
        #expect(!(JSONNumber.isLess(left, right) && JSONNumber.isLess(right, left)))
    }
}
