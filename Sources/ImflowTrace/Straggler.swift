/// A shard that took much longer than its peers.
package struct Straggler: Sendable, Equatable {
    /// A stage is judged when so many of its calls have succeeded.
    package static let minimumPeers = 4
    /// How many times the median a call took to be one.
    package static let factor = 2.0

    package var task: String
    package var stage: String
    package var milliseconds: Int64
    /// Of the stage's calls that have succeeded, in milliseconds.
    package var median: Int64

    package var ratio: Double { Double(milliseconds) / Double(max(median, 1)) }

    /// The slowest first.
    package static func all(in trace: ExecutionTrace) -> [Straggler] {
        var calls: [String: [(task: String, milliseconds: Int64)]] = [:]
        for task in trace.tasks where task.isCall {
            guard let stage = task.stage, let last = task.attempts.last(where: { $0.status == "succeeded" }) else {
                continue
            }
            calls[stage, default: []].append((task.id, last.milliseconds))
        }
        return calls.flatMap { stage, calls -> [Straggler] in
            guard calls.count >= minimumPeers else { return [] }
            let median = calls.map(\.milliseconds).sorted()[calls.count / 2]
            return calls.filter { Double($0.milliseconds) > factor * Double(max(median, 1)) }.map {
                Straggler(task: $0.task, stage: stage, milliseconds: $0.milliseconds, median: median)
            }
        }.sorted { ($1.milliseconds, $0.task) < ($0.milliseconds, $1.task) }
    }
}
