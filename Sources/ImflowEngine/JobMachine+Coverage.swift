package import ImflowExecution

/// How much of a split stage there is.
package struct Coverage: Sendable, Equatable {
    package var unitsSucceeded: Int
    package var units: Int

    /// 0…1; of no units at all, all are there.
    package var share: Double { units == 0 ? 1 : Double(unitsSucceeded) / Double(units) }
}

/// A shard that failed for good: what a partial result lacks.
package struct Hole: Sendable, Equatable {
    package var stage: Int
    package var task: Int
    package var shardIndex: Int
    /// Indexes of its units within the stage.
    package var unitRange: Range<Int>
    /// The list of its ``Unit``s, with their geometry.
    package var units: Payload
    package var failure: Failure
}

extension JobMachine {
    /// Nil before the stage has been split.
    package func coverage(ofStage stage: Int) -> Coverage? {
        guard let units = stages[stage].unitCount else { return nil }
        guard plan.stages[stage].split == nil else {
            return Coverage(unitsSucceeded: stages[stage].unitsSucceeded, units: units)
        }
        return Coverage(unitsSucceeded: stages[stage].status == .succeeded ? units : 0, units: units)
    }

    /// The stage's shards that have failed for good, in order.
    package func holes(ofStage stage: Int) -> [Hole] {
        guard stages[stage].shardsFailed > 0 else { return [] }
        return stages[stage].shards.enumerated().compactMap { index, task in
            guard tasks[task].status == .failed, let units = tasks[task].units else { return nil }
            let failure = tasks[task].failure ?? Failure(.lost, "nobody knows why it failed")
            return Hole(
                stage: stage, task: task, shardIndex: index, unitRange: unitRange(ofShard: index, stage: stage),
                units: units, failure: failure)
        }
    }

    /// The indexes of a shard's units: shards are contiguous, balanced runs, the first ones larger by one where the count does not
    /// divide.
    package func unitRange(ofShard index: Int, stage: Int) -> Range<Int> {
        guard let units = stages[stage].unitCount, let shards = stages[stage].shardCount, shards > 0,
            (0..<shards).contains(index)
        else { return 0..<0 }
        let (size, larger) = units.quotientAndRemainder(dividingBy: shards)
        let start = index * size + min(index, larger)
        return start..<start + size + (index < larger ? 1 : 0)
    }
}
