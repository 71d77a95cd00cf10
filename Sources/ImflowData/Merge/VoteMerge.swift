internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// `vote`: `{"value": the winner, "count": its votes, "total": all votes, "votes": [{"value", "count"}, …]}`, most
/// votes first; of values with as many votes the one that came first in unit order. Results are one vote each, equal
/// when their canonical bytes are. No units: `value` is null and the rest empty.
struct VoteMerge: MergeFold, Sendable {
    private struct Tally {
        var count: Int
        var firstUnit: Int
    }
    /// By canonical text.
    private var tallies: [[UInt8]: Tally] = [:]
    private var total = 0

    mutating func add(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure) {
        // In a vote's result it stands three levels deeper than in a list, as which it could be stored.
        var depth = NestingDepth()
        depth.scan(text)
        guard depth.deepest + 3 <= JSONReader.maximumDepth else {
            throw Failure(.app, "vote: unit \(unit)'s result is nested too deeply to stand in a list of votes")
        }
        tallies[Array(text), default: Tally(count: 0, firstUnit: unit)].count += 1
        total += 1
    }

    mutating func combine(_ next: VoteMerge) throws(Failure) {
        tallies.merge(next.tallies) { Tally(count: $0.count + $1.count, firstUnit: $0.firstUnit) }
        total += next.total
    }

    mutating func finish(in content: ContentStore) throws(Failure) -> Payload {
        let ranked = tallies.sorted { left, right in
            (-left.value.count, left.value.firstUnit) < (-right.value.count, right.value.firstUnit)
        }
        let writer = ContentWriter(content: content)
        try writer.put("{\"count\":\(ranked.first?.value.count ?? 0),\"total\":\(total),\"value\":")
        try writer.put(ranked.first?.key ?? Array("null".utf8))
        try writer.put(",\"votes\":[")
        for (position, (text, tally)) in ranked.enumerated() {
            try writer.put("\(position > 0 ? "," : ""){\"count\":\(tally.count),\"value\":")
            try writer.put(text)
            try writer.put("}")
        }
        try writer.put("]}")
        return try writer.payload()
    }
}
