internal import ImflowExecution
internal import ImflowJSON

/// `top-k`: the list of the k candidates with the largest score, best first; of equal ones the first in unit order. An
/// object is one candidate, a list many. The score is a member's name, or a dotted path to it. No units: `[]`.
struct TopKMerge {
    let score: String
    let k: Int

    func merge(_ results: [UnitResult]) throws(Failure) -> JSONValue {
        var candidates: [(value: JSONValue, score: JSONValue)] = []
        for item in results {
            for candidate in item.result.arrayValue ?? [item.result] {
                guard let score = value(in: candidate), score.doubleValue != nil else {
                    throw Failure(
                        .app,
                        "top-k ranks by `\(score)`, but a candidate of \(item.name) has none; see `merge.score`"
                    )
                }
                candidates.append((candidate, score))
            }
        }
        let ranked = candidates.enumerated().sorted { left, right in
            if Self.isLess(right.element.score, left.element.score) { return true }
            if Self.isLess(left.element.score, right.element.score) { return false }
            return left.offset < right.offset
        }
        return .array(ranked.prefix(max(k, 0)).map(\.element.value))
    }

    private func value(in candidate: JSONValue) -> JSONValue? {
        if let value = candidate[score] { return value }
        var current = candidate
        for part in score.split(separator: ".") {
            guard let next = current[String(part)] else { return nil }
            current = next
        }
        return current
    }

    private static func isLess(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if case .int(let left) = left, case .int(let right) = right { return left < right }
        return (left.doubleValue ?? 0) < (right.doubleValue ?? 0)
    }
}
