/// A quantile of numbers that come one by one: two heaps that meet at it, O(log n) for a number. Nearest rank.
struct RunningQuantile: Sendable {
    private let quantile: Double
    /// What is at most the quantile, negated: the largest first.
    private var lower = Heap<Int64>()
    private var upper = Heap<Int64>()

    /// - Parameter quantile: 0…1.
    init(_ quantile: Double) { self.quantile = min(max(quantile, 0), 1) }

    var count: Int { lower.count + upper.count }
    /// Nil: no number has come.
    var value: Int64? { lower.first.map { -$0 } }

    /// - Parameter number: 0 or more.
    mutating func insert(_ number: Int64) {
        if let value, number > value { upper.insert(number) } else { lower.insert(-number) }
        let rank = max(1, Int((quantile * Double(count)).rounded(.up)))
        while lower.count > rank, let largest = lower.first {
            lower.removeFirst()
            upper.insert(-largest)
        }
        while lower.count < rank, let least = upper.first {
            upper.removeFirst()
            lower.insert(-least)
        }
    }
}
