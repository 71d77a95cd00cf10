package import ImflowExecution

/// What a job that is to go on needs of what it had stored, and does not find there intact. What is lost is made again,
/// with all that follows from it; that may read what nobody would have read else, so it is looked for until no more is lost.
package struct LostOutputs {
    /// Tasks that must run again, as ``Fact/outputsLost(tasks:)`` takes them.
    package private(set) var tasks: [Int] = []
    /// The job's own input is lost, which no task makes: the job cannot go on.
    package private(set) var lacksInput = false

    /// Stages whose result a resume makes anew, though it may keep their shards.
    private var remade: [Bool] = []
    /// Those among them that start over, and read what their upstreams made.
    private var restarted: [Bool] = []
    private var lookedAtResult: [Bool] = []
    private var lookedAtParts: [Bool] = []

    /// - Parameter isIntact: whether a stored value, and all that it names, is there as it was made.
    package init(_ machine: borrowing JobMachine, isIntact: (Payload) throws -> Bool) rethrows {
        if let input = machine.jobInput, try !isIntact(input) { lacksInput = true }
        for stage in machine.stages.indices { begin(stage, machine) }
        lookedAtResult = remade.map { _ in false }
        lookedAtParts = lookedAtResult
        repeat { spread(machine) } while try look(machine, isIntact)
        if let task = machine.outputTask, let result = machine.tasks[task].result, try !isIntact(result) {
            tasks.append(task)
        }
        tasks.sort()
    }

    private mutating func begin(_ index: Int, _ machine: borrowing JobMachine) {
        let stage = machine.stages[index]
        let isKept = stage.status == .succeeded || stage.skippedByCondition
        remade.append(!isKept)
        restarted.append(!isKept && stage.shards.isEmpty && stage.unitCount != 0)
    }

    /// What follows from a stage whose result changes starts over, as ``JobMachine/resume(at:)`` has it.
    private mutating func spread(_ machine: borrowing JobMachine) {
        for stage in remade.indices {
            for need in machine.plan.stages[stage].needs where remade[need] {
                remade[stage] = true
                restarted[stage] = true
            }
        }
    }

    /// Looks at what has come to be needed; true when some of it is lost.
    private mutating func look(
        _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows -> Bool {
        var found = false
        var isRead = machine.plan.isSeen(by: restarted.indices.filter { restarted[$0] })
        for output in machine.plan.outputs { isRead[output] = true }
        for stage in remade.indices where !restarted[stage] {
            if !remade[stage], isRead[stage], !lookedAtResult[stage] {
                lookedAtResult[stage] = true
                if try lookAtResult(of: stage, machine, isIntact) { found = true }
            }
            if !remade[stage], try lacksFollowedShard(of: stage, machine, isIntact) {
                remade[stage] = true
                found = true
            }
            if remade[stage], !lookedAtParts[stage] {
                lookedAtParts[stage] = true
                if try lookAtParts(of: stage, machine, isIntact) { found = true }
            }
        }
        return found
    }

    /// A shard of the stage has made something that is lost, and that a shard of another stage, which runs on them one by
    /// one, has yet to read.
    private func lacksFollowedShard(
        of leader: Int, _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows -> Bool {
        for reader in machine.graph.followers[leader] where remade[reader] {
            let readers = machine.stages[reader].shards
            for (index, task) in machine.stages[leader].shards.enumerated() {
                let isRead =
                    !restarted[reader] && readers.indices.contains(index)
                    && machine.tasks[readers[index]].status == .succeeded
                if !isRead, let result = machine.tasks[task].result, try !isIntact(result) { return true }
            }
        }
        return false
    }

    private mutating func lookAtResult(
        of index: Int, _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows -> Bool {
        let stage = machine.stages[index]
        guard let result = stage.result, try !isIntact(result) else { return false }
        guard let task = stage.mergeTask ?? stage.firstTask else { return false }
        tasks.append(task)
        remade[index] = true
        restarted[index] = stage.mergeTask == nil
        return true
    }

    /// Of a stage that is merged anew: its units, and what its shards made of them.
    private mutating func lookAtParts(
        of index: Int, _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows -> Bool {
        let stage = machine.stages[index]
        guard let split = stage.firstTask, stage.shardCount != nil, stage.shared != nil else { return false }
        var isWhole = try stage.shared.map { try isIntact($0) } ?? true
        for shard in stage.shards where isWhole {
            if let units = machine.tasks[shard].units, try !isIntact(units) { isWhole = false }
        }
        guard isWhole else {
            tasks.removeAll { $0 == stage.mergeTask }
            tasks.append(split)
            restarted[index] = true
            return true
        }
        var found = false
        for task in stage.shards where machine.tasks[task].status == .succeeded {
            guard let result = machine.tasks[task].result, try !isIntact(result) else { continue }
            tasks.append(task)
            found = true
        }
        return found
    }
}
