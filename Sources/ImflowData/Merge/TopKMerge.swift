internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// `top-k`: the list of the k candidates with the largest score, best first; of equal ones the first in unit order. An
/// object is one candidate, a list many. The score is a member's name, or a dotted path to it. No units: `[]`.
struct TopKMerge: MergeFold, Sendable {
    private struct Candidate {
        /// Canonical.
        var text: [UInt8]
        var score: JSONNumber
        var unit: Int
        /// In the unit's list.
        var position: Int

        func precedes(_ other: Candidate) -> Bool {
            if JSONNumber.isLess(other.score, score) { return true }
            if JSONNumber.isLess(score, other.score) { return false }
            return (unit, position) < (other.unit, other.position)
        }
    }

    let score: String
    let k: Int
    /// The best so far, and up to as many again that may be among them.
    private var candidates: [Candidate] = []
    /// The last of the best k when they were last ranked: what does not precede it is not among them.
    private var worst: Candidate?

    init(score: String, k: Int) {
        self.score = score
        self.k = max(k, 0)
    }

    mutating func add(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure) {
        let result = try UnitValue.parse(text, of: unit)
        for (position, candidate) in (result.arrayValue ?? [result]).enumerated() {
            guard let score = value(in: candidate).flatMap(JSONNumber.init) else {
                throw Failure(
                    .app,
                    "top-k ranks by `\(score)`, but a candidate of unit \(unit) has none; see `merge.score`")
            }
            var found = Candidate(text: [], score: score, unit: unit, position: position)
            if k == 0 || worst.map({ !found.precedes($0) }) ?? false { continue }
            found.text = candidate.canonicalBytes()
            candidates.append(found)
            if candidates.count / 2 >= max(k, 512) { rank() }
        }
    }

    private mutating func rank() {
        candidates.sort { $0.precedes($1) }
        guard candidates.count >= k else { return }
        candidates.removeLast(candidates.count - k)
        worst = candidates.last
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

    mutating func combine(_ next: TopKMerge) throws(Failure) {
        candidates += next.candidates
        rank()
    }

    mutating func finish(in content: ContentStore) throws(Failure) -> Payload {
        rank()
        let writer = ContentWriter(content: content)
        try writer.put("[")
        for (position, candidate) in candidates.enumerated() {
            if position > 0 { try writer.put(",") }
            try writer.put(candidate.text)
        }
        try writer.put("]")
        return try writer.payload()
    }
}
