package import ImflowExecution
import ImflowPlan

/// What a job that is to go on needs of what it had stored, and does not find there intact.
package struct LostOutputs {
    /// Tasks that must run again, as ``Fact/outputsLost(tasks:)`` takes them.
    package private(set) var tasks: [Int] = []
    /// The job's own input is lost, which no task makes: the job cannot go on.
    package private(set) var lacksInput = false
    /// By stage: something of it is to run, because it has not succeeded, because what it had made is lost, or because
    /// something before it runs.
    private var runs: [Bool]
    /// By stage: its result is needed and lost.
    private var isLost: [Bool]

    /// - Parameter isIntact: whether a stored value, and all that it names, is there as it was made.
    package init(_ machine: borrowing JobMachine, isIntact: (Payload) throws -> Bool) rethrows {
        runs = machine.stages.map { $0.status != .succeeded && !$0.skippedByCondition }
        isLost = Array(repeating: false, count: runs.count)
        for task in machine.tasks.indices where machine.tasks[task].kind == .fetch {
            if let input = machine.tasks[task].result, try !isIntact(input) { lacksInput = true }
        }
        try findLostResults(machine, isIntact)
        for stage in machine.stages.indices { try collect(stage, machine, isIntact) }
    }

    /// A lost result makes its stage run, and all stages after it, which read further results: until there is no more.
    private mutating func findLostResults(
        _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows {
        var isKnown = Array(repeating: false, count: runs.count)
        for output in machine.plan.outputs { isKnown[output] = true }
        var unread = machine.plan.outputs
        while true {
            for stage in machine.stages.indices where !runs[stage] {
                for need in machine.plan.stages[stage].needs where runs[need] { runs[stage] = true }
            }
            let isSeen = machine.plan.isSeen(by: runs.indices.filter { runs[$0] })
            for source in isSeen.indices where isSeen[source] && !isKnown[source] {
                isKnown[source] = true
                unread.append(source)
            }
            let found = try unread.filter { stage in
                guard !runs[stage], let result = machine.stages[stage].result else { return false }
                return try !isIntact(result)
            }
            let parted = try machine.stages.indices.filter { try !runs[$0] && lacksShard($0, machine, isIntact) }
            if found.isEmpty, parted.isEmpty { return }
            for stage in parted { runs[stage] = true }
            unread = []
            for stage in found {
                runs[stage] = true
                isLost[stage] = true
            }
        }
    }

    /// A shard of the stage has made something that is lost, and that a shard of another stage, which runs on them one by
    /// one, has yet to read.
    private func lacksShard(
        _ leader: Int, _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows -> Bool {
        for reader in machine.graph.followers[leader] where runs[reader] {
            guard machine.leader(of: reader) == leader else { continue }
            for (index, task) in machine.stages[leader].shards.enumerated() {
                let readers = machine.stages[reader].shards
                let isRead = readers.indices.contains(index) && machine.tasks[readers[index]].status == .succeeded
                if let result = machine.tasks[task].result, !isRead, try !isIntact(result) { return true }
            }
        }
        return false
    }

    /// A stage that goes on from its split needs the units and what its shards have made; one whose input changes, nothing.
    private mutating func collect(
        _ index: Int, _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows {
        guard runs[index] else { return }
        for need in machine.plan.stages[index].needs where runs[need] { return }
        let stage = machine.stages[index]
        guard let first = stage.firstTask, machine.plan.stages[index].split != nil else {
            if isLost[index], let task = stage.firstTask { tasks.append(task) }
            return
        }
        var lost: [Int] = []
        for task in stage.shards where machine.tasks[task].status == .succeeded {
            if let result = machine.tasks[task].result, try !isIntact(result) { lost.append(task) }
        }
        let isComplete = lost.isEmpty && stage.shardsSucceeded == stage.shardCount
        for case .some(let part) in [isComplete ? nil : stage.shared] + stage.shards.map({ machine.tasks[$0].units })
        where try !isIntact(part) {
            tasks.append(first)
            return
        }
        if isLost[index], let merge = stage.mergeTask { tasks.append(merge) }
        tasks += lost
    }
}
