import ImflowExecution

/// Flow without barriers: a stage that keeps another's units starts on its shards, one by one.
extension JobMachine {
    /// Whether `stage` runs on the shards of `leader`.
    func isFollowing(_ stage: Int, _ leader: Int) -> Bool {
        stages[stage].status == .running && self.leader(of: stage) == leader
    }

    /// The stage whose shards this one runs on; nil: it waits for whole results, or has not started.
    package func leader(of stage: Int) -> Int? { stages[stage].isFollowing ? graph.followed[stage] : nil }

    /// The leader has been split: what keeps its units need not wait for its end.
    mutating func giveHeadStart(toFollowersOf leader: Int) {
        for stage in graph.followers[leader] where stages[stage].status == .waiting && !stages[stage].hasHeadStart {
            if let entry = plan.stages[stage].entry, stages[entry].skippedByCondition { continue }
            stages[stage].hasHeadStart = true
            stages[stage].openNeeds -= 1
            if stages[stage].openNeeds == 0, hasAllNeeds(stage) { open(stage) }
        }
    }

    mutating func letFollowersStart(shard index: Int, of leader: Int) {
        for stage in graph.followers[leader]
        where isFollowing(stage, leader) && stages[stage].shards.indices.contains(index) {
            let task = stages[stage].shards[index]
            guard tasks[task].status == .waiting, tasks[task].retryAt == nil else { continue }
            tasks[task].status = .ready
            enqueue(task)
        }
    }

    /// The shard waits for the one that it follows.
    func isHeld(shard index: Int, of stage: Int) -> Bool {
        guard let leader = leader(of: stage) else { return false }
        guard stages[leader].shards.indices.contains(index) else { return true }
        return tasks[stages[leader].shards[index]].status != .succeeded
    }

    /// The results of the leader's shard, for a shard that follows it.
    func leadersOutput(ofShard index: Int, stage: Int) -> Payload? {
        guard let leader = leader(of: stage), stages[leader].shards.indices.contains(index) else { return nil }
        return tasks[stages[leader].shards[index]].result
    }

    /// The stage whose shards it runs on has not come to a good end yet.
    func isAhead(_ stage: Int) -> Bool {
        guard let leader = leader(of: stage) else { return false }
        return !stages[leader].status.satisfiesDependents
    }

    /// The leader's shard is made again, maybe otherwise: what was made of it is, too.
    mutating func takeBackFollowers(ofShard index: Int, of leader: Int) {
        for stage in graph.followers[leader] where stages[stage].isFollowing {
            guard stages[stage].shards.indices.contains(index) else { continue }
            let task = stages[stage].shards[index]
            dropAttempts(of: task)
            if tasks[task].status == .succeeded { takeBackShard(task, index, of: stage) }
            tasks[task].status = .waiting
            tasks[task].retryAt = nil
        }
    }
}
