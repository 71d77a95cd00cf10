/// How a machine's slots are divided between those that want them. Pure.
///
/// Larger priority goes first, strictly, as in the queues of cluster schedulers; within one priority the division is max-min
/// fair (Bertsekas, Gallager, "Data Networks", section 6.5.2): nobody has more than an equal part while somebody who wants
/// more has less. Nothing that runs is taken away: a share says how many slots may be kept once their attempts have ended.
///
/// Nobody starves. Equals that are more than the slots take turns: who has waited longest goes first, and who has held
/// longest gives way. A claim of lower priority that has waited longer than ``patience`` gets one slot out of a quarter of them.
package enum FairShare {
    package struct Claim: Sendable, Equatable {
        /// Slots that it could use now, those it holds among them.
        package var wanted: Int
        package var held: Int
        /// Larger goes first.
        package var priority: Int
        /// When it began to hold slots, or, while it holds none, to wait: microseconds of a clock that all claims share.
        package var since: Int64

        package init(wanted: Int, held: Int = 0, priority: Int = 0, since: Int64 = 0) {
            self.wanted = wanted
            self.held = held
            self.priority = priority
            self.since = since
        }
    }

    /// How long a claim of lower priority waits for a slot before it is given one out of turn, in microseconds.
    package static let patience: Int64 = 30_000_000
    /// How long the same claims keep what is left after an even division, in microseconds.
    package static let turnLength: Int64 = 1_000_000

    /// The share of each claim, in the claims' order: never more than it wants, and together all slots while they are wanted.
    /// - Parameters:
    ///   - claims: in an order that stays while the claims do, such as that of arrival.
    ///   - now: on the clock of ``Claim/since``.
    package static func divide(_ slots: Int, among claims: [Claim], now: Int64) -> [Int] {
        let strict = fill(slots, claims, keeping: [], now: now)
        let overdue = overdueClaims(slots, claims, shares: strict, now: now)
        return overdue.isEmpty ? strict : fill(slots, claims, keeping: overdue, now: now)
    }

    /// Those that priority alone would give nothing and that have waited too long; as many as the quarter has room for.
    private static func overdueClaims(_ slots: Int, _ claims: [Claim], shares: [Int], now: Int64) -> [Int] {
        let highest = claims.filter { $0.wanted > 0 }.map(\.priority).max() ?? 0
        let passedOver = claims.indices.filter {
            claims[$0].wanted > 0 && shares[$0] == 0 && claims[$0].priority < highest
        }
        let room = max(1, slots / 4) - passedOver.count { claims[$0].held > 0 }
        guard room > 0, slots > 0 else { return [] }
        let late = passedOver.filter { claims[$0].held == 0 && now &- claims[$0].since > patience }
        return Array(late.sorted { (claims[$0].since, $0) < (claims[$1].since, $1) }.prefix(room))
    }

    /// - Parameter overdue: claims that get one slot before all others, and no more.
    private static func fill(_ slots: Int, _ claims: [Claim], keeping overdue: [Int], now: Int64) -> [Int] {
        var shares = Array(repeating: 0, count: claims.count)
        for claim in overdue { shares[claim] = 1 }
        var left = max(0, slots - overdue.count)
        let others = claims.indices.filter { claims[$0].wanted > 0 && !overdue.contains($0) }
        for priority in Set(others.map { claims[$0].priority }).sorted(by: >) where left > 0 {
            let equals = others.filter { claims[$0].priority == priority }
            divide(&left, among: equals, claims, &shares, now: now)
        }
        return shares
    }

    private static func divide(
        _ left: inout Int, among equals: [Int], _ claims: [Claim], _ shares: inout [Int], now: Int64
    ) {
        var level = 0
        var open = equals
        while left > 0, !open.isEmpty {
            let each = left / open.count
            if each == 0 {
                for claim in turn(open, claims, level: level, now: now).prefix(left) { shares[claim] += 1 }
                left = 0
                return
            }
            for claim in open {
                let more = min(each, claims[claim].wanted - shares[claim])
                shares[claim] += more
                left -= more
            }
            level += each
            open.removeAll { shares[$0] == claims[$0].wanted }
        }
    }

    /// Who goes first for what cannot be divided evenly. With nothing at all the alternative: who waits before who holds.
    /// Else the odd slots go round with time.
    private static func turn(_ open: [Int], _ claims: [Claim], level: Int, now: Int64) -> [Int] {
        if level > 0 {
            let first = Int((now / turnLength) % Int64(open.count))
            return Array(open[max(0, first)...] + open[..<max(0, first)])
        }
        let waiting = open.filter { claims[$0].held == 0 }.sorted { (claims[$0].since, $0) < (claims[$1].since, $1) }
        let holding = open.filter { claims[$0].held > 0 }.sorted { (claims[$1].since, $0) < (claims[$0].since, $1) }
        return waiting + holding
    }
}
