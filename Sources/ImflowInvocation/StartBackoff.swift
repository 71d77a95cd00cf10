/// Holds back starts of a model that ends before it is ready, so that it does not spin.
struct StartBackoff {
    /// So many failed starts in a row, and those who wait are told.
    static let tries = 3
    private static let first: Duration = .milliseconds(100)
    private static let longest: Duration = .seconds(3)

    private(set) var failures = 0
    private var earliest: ContinuousClock.Instant?

    var isExhausted: Bool { failures >= Self.tries }

    /// How long the next start must wait; nil: it need not.
    var pause: Duration? {
        guard let earliest else { return nil }
        let left = earliest - .now
        return left > .zero ? left : nil
    }

    mutating func failed() {
        var pause = Self.first
        for _ in 0..<min(failures, Self.tries) { pause = min(pause * 5, Self.longest) }
        failures += 1
        earliest = .now + pause
    }

    mutating func succeeded() { self = StartBackoff() }
}
