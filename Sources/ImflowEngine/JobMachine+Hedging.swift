import ImflowPlan

/// Second attempts for shards that straggle. Which attempt wins is a fact, and so is each start; when a shard straggles follows
/// from them and the clock.
extension JobMachine {
    /// A first attempt has started; from here its run time is compared with its peers'.
    mutating func watch(_ task: Int, since: Int64) {
        guard case .shard = tasks[task].kind, let stage = tasks[task].stage,
            let policy = plan.stages[stage].policy.hedge
        else { return }
        watches[stage, default: StragglerWatch(policy)].running.insert(
            Alarm(at: since, task: task, attempts: tasks[task].attempts))
        watchedStages.insert(stage)
    }

    /// Moves what has run for too long to ``stragglers``.
    mutating func findStragglers(now: Int64) {
        if watchedStages.isEmpty, stragglers.isEmpty { return }
        stragglers = stragglers.filter { runsAlone($0) }
        for stage in watchedStages {
            while let oldest = watches[stage]?.running.first {
                if runsAlone(oldest) {
                    guard let moment = momentOfStraggling(in: stage), moment <= now else { break }
                    stragglers.append(oldest)
                }
                watches[stage]?.running.removeFirst()
            }
        }
        stragglers.sort()
    }

    /// The straggler to start a second attempt of now.
    var nextHedge: Int? {
        stragglers.first { straggler in
            guard let stage = tasks[straggler.task].stage, let watch = watches[stage] else { return false }
            return runsAlone(straggler) && hasRoom(straggler.task)
                && watch.hasBudget(shards: stages[stage].shardCount ?? 0)
        }?.task
    }

    /// When the next shard begins to straggle.
    var nextStraggling: Int64? { watchedStages.compactMap { momentOfStraggling(in: $0) }.min() }

    private func momentOfStraggling(in stage: Int) -> Int64? {
        guard let watch = watches[stage], watch.hasBudget(shards: stages[stage].shardCount ?? 0),
            let patience = watch.patience, let oldest = watch.running.first
        else { return nil }
        return oldest.at.addingClamped(patience)
    }

    /// The attempt that the alarm was set for is the task's only one.
    private func runsAlone(_ alarm: Alarm) -> Bool {
        tasks[alarm.task].live != nil && hedges[alarm.task] == nil && tasks[alarm.task].attempts == alarm.attempts
    }
}
