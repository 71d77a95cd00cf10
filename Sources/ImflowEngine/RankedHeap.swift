/// A binary heap of numbered members by their rank, the least first, in which a member's rank can change and a member can leave.
struct RankedHeap<Rank: Comparable & Sendable>: Sendable {
    private struct Entry: Sendable {
        var member: Int
        var rank: Rank
    }

    private var entries: [Entry] = []
    private var places: [Int: Int] = [:]

    var first: (member: Int, rank: Rank)? { entries.first.map { ($0.member, $0.rank) } }

    mutating func set(_ member: Int, rank: Rank) {
        if let place = places[member] {
            if entries[place].rank == rank { return }
            entries[place].rank = rank
            settle(place)
        } else {
            entries.append(Entry(member: member, rank: rank))
            places[member] = entries.count - 1
            settle(entries.count - 1)
        }
    }

    mutating func remove(_ member: Int) {
        guard let place = places.removeValue(forKey: member) else { return }
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[last.member] = place
        settle(place)
    }

    private mutating func settle(_ start: Int) {
        var place = start
        while place > 0, entries[place].rank < entries[(place - 1) / 2].rank {
            exchange(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
        while true {
            var least = place
            for child in 2 * place + 1...2 * place + 2 where child < entries.count {
                if entries[child].rank < entries[least].rank { least = child }
            }
            if least == place { return }
            exchange(place, least)
            place = least
        }
    }

    private mutating func exchange(_ one: Int, _ other: Int) {
        entries.swapAt(one, other)
        places[entries[one].member] = one
        places[entries[other].member] = other
    }
}
