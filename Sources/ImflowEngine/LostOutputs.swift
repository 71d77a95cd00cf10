package import ImflowExecution
import ImflowPlan

/// What a job that is to go on needs of what it had stored, and does not find there intact.
package struct LostOutputs {
    /// Tasks that must run again, as ``Fact/outputsLost(tasks:)`` takes them.
    package private(set) var tasks: [Int] = []
    /// The job's own input is lost, which no task makes: the job cannot go on.
    package private(set) var lacksInput = false
    /// By stage: whether one that is still to run may read its result, or it is the job's result.
    private let isNeeded: [Bool]

    /// - Parameter isIntact: whether a stored value, and all that it names, is there as it was made.
    package init(_ machine: borrowing JobMachine, isIntact: (Payload) throws -> Bool) rethrows {
        var isNeeded = machine.plan.isSeen(by: Self.unsettled(machine))
        for output in machine.plan.outputs { isNeeded[output] = true }
        self.isNeeded = isNeeded
        for task in machine.tasks.indices where machine.tasks[task].kind == .fetch {
            if let input = machine.tasks[task].result, try !isIntact(input) { lacksInput = true }
        }
        for stage in machine.stages.indices { try look(at: stage, of: machine, isIntact) }
    }

    private mutating func look(
        at index: Int, of machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows {
        let stage = machine.stages[index]
        if let result = stage.result {
            guard isNeeded[index], try !isIntact(result) else {
                // Stages that run on its shards one by one may still read some of them.
                return try look(at: machine.shardsStillRead(ofStage: index), machine, isIntact)
            }
            guard let task = stage.mergeTask ?? stage.firstTask else { return }
            tasks.append(task)
            // A merge is made of its shards, which may have gone with it.
            return try look(at: stage.shards, machine, isIntact)
        }
        guard let split = stage.firstTask, !stage.shards.isEmpty else { return }
        let parts = [stage.shared] + stage.shards.map { machine.tasks[$0].units }
        for case .some(let part) in parts where try !isIntact(part) {
            tasks.append(split)
            return
        }
        try look(at: stage.shards, machine, isIntact)
    }

    private mutating func look(
        at shards: [Int], _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows {
        for task in shards where machine.tasks[task].status == .succeeded {
            if let result = machine.tasks[task].result, try !isIntact(result) { tasks.append(task) }
        }
    }

    private static func unsettled(_ machine: borrowing JobMachine) -> [Int] {
        var found: [Int] = []
        for stage in machine.stages.indices where !machine.stages[stage].status.isSettled { found.append(stage) }
        return found
    }
}
