/// Seeded choices: the same in every process for the same seed (SplitMix64; Steele, Lea, Flood 2014).
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A whole number of `range`.
    package mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// True once in `count` times.
    package mutating func oneIn(_ count: Int) -> Bool { int(1...max(count, 1)) == 1 }

    /// One of `choices`; nil when there is none.
    package mutating func pick<T>(_ choices: [T]) -> T? { choices.randomElement(using: &self) }
}
