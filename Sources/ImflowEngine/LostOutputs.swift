package import ImflowExecution

/// What a job that is to go on needs of what it had stored, and does not find there intact.
package struct LostOutputs {
    /// Tasks that must run again, as ``Fact/outputsLost(tasks:)`` takes them.
    package private(set) var tasks: [Int] = []
    /// The job's own input is lost, which no task makes: the job cannot go on.
    package private(set) var lacksInput = false

    /// - Parameter isIntact: whether a stored value, and all that it names, is there as it was made.
    package init(_ machine: borrowing JobMachine, isIntact: (Payload) throws -> Bool) rethrows {
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
            guard isNeeded(index, by: machine), try !isIntact(result) else { return }
            guard let task = stage.mergeTask ?? stage.firstTask else { return }
            tasks.append(task)
            // A merge is made of its shards, which may have gone with it.
            return try lookAtShards(of: stage, machine, isIntact)
        }
        guard let split = stage.firstTask, !stage.shards.isEmpty else { return }
        let parts = [stage.shared] + stage.shards.map { machine.tasks[$0].units }
        for case .some(let part) in parts where try !isIntact(part) {
            tasks.append(split)
            return
        }
        try lookAtShards(of: stage, machine, isIntact)
    }

    private mutating func lookAtShards(
        of stage: StageState, _ machine: borrowing JobMachine, _ isIntact: (Payload) throws -> Bool
    ) rethrows {
        for task in stage.shards where machine.tasks[task].status == .succeeded {
            if let result = machine.tasks[task].result, try !isIntact(result) { tasks.append(task) }
        }
    }

    /// A stage that is still to run may read it, or it is the job's result.
    private func isNeeded(_ stage: Int, by machine: borrowing JobMachine) -> Bool {
        if machine.plan.outputs.contains(stage) { return true }
        for other in machine.plan.stages.indices where !machine.stages[other].status.isSettled {
            if machine.plan.stages[other].binding.sources.contains(stage) { return true }
        }
        return false
    }
}
