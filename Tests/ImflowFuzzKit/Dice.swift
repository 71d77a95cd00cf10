/// Seeded choices: the same everywhere for the same seed (SplitMix64, Steele et al. 2014).
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A whole number of `range`.
    package mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// True once in `count` times.
    package mutating func oneIn(_ count: Int) -> Bool { int(1...max(count, 1)) == 1 }

    /// One of `choices`; nil when there is none.
    package mutating func pick<T>(_ choices: [T]) -> T? { choices.randomElement(using: &self) }

    /// One of `first` and `others`.
    package mutating func pick<T>(_ first: T, _ others: T...) -> T {
        let index = int(0...others.count)
        return index == 0 ? first : others[index - 1]
    }
}
