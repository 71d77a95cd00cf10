internal import ImflowExecution
internal import ImflowJSON

/// `vote`: `{"value": the winner, "count": its votes, "total": all votes, "votes": [{"value", "count"}, …]}`, most
/// votes first; of values with as many votes the one that came first in unit order. Results are one vote each, equal
/// when their canonical bytes are. No units: `value` is null and the rest empty.
enum VoteMerge {
    static func merge(_ results: [UnitResult]) -> JSONValue {
        var positions: [[UInt8]: Int] = [:]
        var votes: [(value: JSONValue, count: Int)] = []
        for item in results {
            let key = item.result.canonicalBytes()
            if let position = positions[key] {
                votes[position].count += 1
            } else {
                positions[key] = votes.count
                votes.append((item.result, 1))
            }
        }
        let ranked = votes.enumerated().sorted { left, right in
            left.element.count != right.element.count
                ? left.element.count > right.element.count : left.offset < right.offset
        }.map(\.element)
        return [
            "value": ranked.first?.value ?? .null, "count": .int(Int64(ranked.first?.count ?? 0)),
            "total": .int(Int64(results.count)),
            "votes": .array(ranked.map { ["value": $0.value, "count": .int(Int64($0.count))] }),
        ]
    }
}
