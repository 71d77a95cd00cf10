package import ImflowExecution
package import ImflowPlan

/// A new plan for a job that was planned before. What it means for what the job has made is decided once and written down,
/// so that a later version, which might decide otherwise, folds the same.
package struct Replan: Sendable, Codable, Equatable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var at: Int64
    /// The new plan's JSON. Whoever folds looks it up in ``JobMachine/plans``.
    package var plan: Payload
    /// The job's input from now on; nil: as it was.
    package var input: Payload?
    /// Whether the files of ``input`` are still to be fetched.
    package var fetches: Bool
    /// Stages of the new plan that run again.
    package var run: [Int]
    /// Stages of the new plan whose shards are merged anew.
    package var merge: [Int]

    package init(at: Int64, plan: Payload, input: Payload?, fetches: Bool, run: [Int], merge: [Int]) {
        self.at = at
        self.plan = plan
        self.input = input
        self.fetches = fetches
        self.run = run
        self.merge = merge
    }
}

extension JobMachine {
    /// What taking up another plan means for this job. Pure: apply `.replanned` of it.
    /// - Parameters:
    ///   - plan: the new plan's payload.
    ///   - input: the new plan's input, with the files that have been fetched in place.
    package func replan(
        _ difference: PlanDifference, to new: Plan, plan payload: Payload, input: Payload, at: Int64
    ) -> Replan {
        let origins = Dictionary(
            plan.stages.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var run: [Int] = []
        var merge: [Int] = []
        for (index, effect) in difference.effects.enumerated() {
            switch effect {
            case .run, .follows: run.append(index)
            case .merge: merge.append(index)
            case .keep:
                // How far the stage has come has another shape when its shards wait for other things.
                if let origin = origins[new.stages[index].name], !stages[origin].status.isSettled,
                    plan.stages[origin].follows.map({ plan.stages[$0].name })
                        != new.stages[index].follows.map({ new.stages[$0].name })
                {
                    run.append(index)
                }
            }
        }
        let sameInput = plan.input == new.input && plan.inputFiles == new.inputFiles
        return Replan(
            at: at, plan: payload, input: sameInput ? nil : input, fetches: !sameInput && difference.fetches, run: run,
            merge: merge)
    }

    /// Stages keep their state under their names; tasks keep their indexes for ever.
    mutating func apply(_ replan: Replan) {
        guard let new = plans[replan.plan.hash] else {
            preconditionFailure("job \(job): the plan \(replan.plan.hash) was not loaded before the fold")
        }
        let outputs = plan.outputs.map { plan.stages[$0].name }
        carry(to: new)
        if let input = replan.input { take(input, fetches: replan.fetches) }
        for stage in replan.run { reset(stage) }
        for stage in replan.merge where stages[stage].mergeTask != nil { loseMerge(of: stage) }
        if let task = outputTask, outputs != new.outputs.map({ new.stages[$0].name }) { supersedeOutput(task) }
        unsettledStages = stages.count { !$0.status.isSettled }
        status = .pending
        completedAt = nil
        output = nil
    }

    private mutating func carry(to new: Plan) {
        let indexes = Dictionary(
            new.stages.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let moved = plan.stages.map { indexes[$0.name] }
        for task in tasks.indices {
            guard let stage = tasks[task].stage else { continue }
            if let index = moved[stage] {
                tasks[task].stage = index
            } else {
                retire(task, of: stage)
            }
        }
        var carried = new.stages.map { stage in
            var state = StageState(openNeeds: stage.needs.count)
            state.supersededAttempts = retiredAttempts[stage.name] ?? 0
            return state
        }
        for (old, index) in moved.enumerated() { if let index { carried[index] = stages[old] } }
        stages = carried
        let fresh = JobMachine(job: job, plan: new)
        plan = new
        (sourceGraph, graph) = (fresh.sourceGraph, fresh.graph)
        (ready, laneAttempts) = (fresh.ready, fresh.laneAttempts)
        (watches, watchedStages, stragglers) = ([:], [], [])
    }

    /// The task's stage is no longer in the plan; it keeps its name.
    private mutating func retire(_ task: Int, of stage: Int) {
        let name = plan.stages[stage].name
        retiredTasks[task] = RetiredStage(name: name, shardCount: stages[stage].shardCount ?? 1)
        let attempts = max(tasks[task].attempts, stages[stage].supersededAttempts)
        retiredAttempts[name] = max(retiredAttempts[name] ?? 0, attempts)
        supersede(task)
        tasks[task].stage = nil
    }

    private mutating func take(_ input: Payload, fetches: Bool) {
        jobInput = input
        if let fetch = fetchTask { supersede(fetch) }
        fetchTask = nil
        guard fetches else { return }
        let attempts = tasks.filter { $0.kind == .fetch }.map(\.attempts).max() ?? 0
        fetchTask = tasks.count
        add(TaskState(kind: .fetch, stage: nil, attempts: attempts))
    }
}

/// What is still to be known of a stage that a new plan dropped.
struct RetiredStage: Sendable {
    var name: String
    var shardCount: Int
}
