import ImflowEngine
import Testing

@Suite("Fair share")
struct FairShareTests {
    private typealias Claim = FairShare.Claim

    private func divide(_ slots: Int, _ claims: [Claim], now: Int64 = 0) -> [Int] {
        FairShare.divide(slots, among: claims, now: now)
    }

    @Test("a lone claim has all it wants; equals have equal parts; who wants less leaves the rest to the others")
    func maxMin() {
        #expect(divide(8, [Claim(wanted: 20)]) == [8])
        #expect(divide(8, [Claim(wanted: 3)]) == [3])
        #expect(divide(8, [Claim(wanted: 9), Claim(wanted: 9)]) == [4, 4])
        #expect(divide(8, [Claim(wanted: 1), Claim(wanted: 9), Claim(wanted: 2), Claim(wanted: 9)]) == [1, 3, 2, 2])
        #expect(divide(8, [Claim(wanted: 0), Claim(wanted: 9)]) == [0, 8])
        #expect(divide(4, []) == [])
        #expect(divide(0, [Claim(wanted: 1)]) == [0])
    }

    @Test("larger priority goes first, and has what it wants before others have anything")
    func priority() {
        let claims = [Claim(wanted: 9), Claim(wanted: 5, priority: 10), Claim(wanted: 9, priority: -1)]
        #expect(divide(8, claims) == [3, 5, 0])
        #expect(divide(4, claims) == [0, 4, 0])
        #expect(divide(20, claims) == [9, 5, 6])
    }

    @Test("the odd slot goes round with time")
    func oddSlot() {
        let claims = [Claim(wanted: 9, held: 2), Claim(wanted: 9, held: 1)]
        #expect(divide(3, claims, now: 0) == [2, 1])
        #expect(divide(3, claims, now: FairShare.turnLength) == [1, 2])
        #expect(divide(3, claims, now: 2 * FairShare.turnLength) == [2, 1])
    }

    @Test("equals that outnumber the slots take turns, each as often as the others", arguments: [1, 2, 3], [4, 5, 8])
    func turns(slots: Int, count: Int) {
        var generator = SeededGenerator(seed: UInt64(slots * 100 + count))
        var claims = (0..<count).map { Claim(wanted: 4, since: Int64($0)) }
        var served = Array(repeating: 0, count: count)
        for round in 1...(count * 20) {
            let shares = divide(slots, claims, now: Int64(round) * 1000)
            // Who is over its share gives back; who is under it takes. No two do so at the same moment.
            for index in claims.indices where claims[index].held != shares[index] {
                claims[index].since = Int64(round) * 1000 + Int64.random(in: 0..<1000, using: &generator)
                claims[index].held = shares[index]
            }
            for index in claims.indices { served[index] += shares[index] }
        }
        #expect(served.reduce(0, +) == slots * count * 20)
        #expect((served.max() ?? 0) - (served.min() ?? 0) <= slots, "\(served)")
    }

    @Test("a low priority is not starved: after a while it gets one slot, out of a quarter of them at most")
    func patience() {
        let late = FairShare.patience + 1
        let high = Claim(wanted: 99, held: 8, priority: 5)
        let low = Claim(wanted: 4, since: 0)
        #expect(divide(8, [high, low], now: FairShare.patience) == [8, 0])
        #expect(divide(8, [high, low], now: late) == [7, 1])
        #expect(divide(8, [high, low, low, low], now: late) == [6, 1, 1, 0])
        #expect(divide(1, [high, low], now: late) == [0, 1])
        // While it holds its slot, the quarter is used up; and it has to give that slot back.
        let holding = Claim(wanted: 4, held: 1, since: 0)
        #expect(divide(4, [high, holding, low], now: late) == [4, 0, 0])
    }

    @Test("whatever is claimed: nobody gets more than it wants, all slots are used while they are wanted, equals are equal")
    func properties() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let slots = Int.random(in: 0...12, using: &generator)
            let now = Int64.random(in: 0...100_000, using: &generator)
            let claims = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                Claim(
                    wanted: Int.random(in: 0...15, using: &generator), held: Int.random(in: 0...2, using: &generator),
                    priority: Int.random(in: -1...1, using: &generator),
                    since: Int64.random(in: 0...100_000, using: &generator))
            }
            let shares = divide(slots, claims, now: now)
            #expect(zip(shares, claims).allSatisfy { $0 >= 0 && $0 <= $1.wanted })
            #expect(shares.reduce(0, +) == min(slots, claims.reduce(0) { $0 + $1.wanted }), "\(slots) \(claims)")
            guard Set(claims.map(\.priority)).count == 1 else { continue }
            for (a, b) in zip(shares, claims) where a < b.wanted {
                #expect(shares.allSatisfy { $0 <= a + 1 }, "\(slots) \(claims) \(shares)")
            }
        }
    }
}
