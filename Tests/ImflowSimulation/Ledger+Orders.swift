import ImflowEngine
import ImflowExecution
import ImflowPlan

extension Ledger {
    /// Takes an order on its way to the executor: its attempt must be committed, and its inputs be exactly the committed
    /// outputs of the tasks before it.
    mutating func handOut(_ order: WorkOrder) throws(Violation) {
        guard let task = live[order.token], let attempt = tasks[task]?.attempts.last(where: { $0.token == order.token })
        else {
            throw Violation("\(job): \(order.task) is handed out and no committed fact says that it started")
        }
        let name = try TaskName(order.task)
        try require(attempt.number == order.attempt, "\(order.task): handed out as attempt \(order.attempt)")
        try require(
            tasks[task]?.name.map { $0 == name } ?? true, "task \(task) was \(self.name(of: task)) and is \(order.task)")
        if !order.recovered {
            try require(
                namedAttempts.insert("\(order.task)/\(order.attempt)").inserted,
                "\(order.task): attempt \(order.attempt) was handed out before")
        }
        tasks[task]?.name = name
        guard let stage = plan.stages.firstIndex(where: { $0.name == name.stage }) else {
            return try checkJobTask(order, name)
        }
        try checkNeeds(of: stage, order)
        try checkWork(order, name, stage)
        try checkLimits(order)
        invalidate(stage)
    }

    /// A task that was never handed out is known by the engine's word only.
    mutating func learn(_ name: String, of task: Int) throws(Violation) {
        if tasks[task]?.name == nil { tasks[task, default: Task()].name = try TaskName(name) }
    }

    private func checkJobTask(_ order: WorkOrder, _ name: TaskName) throws(Violation) {
        switch (name.kind, order.work) {
        case (.fetch, .fetch): break
        case (.output, .pass(let context)):
            let expected = plan.outputs.filter { stages[$0].result != nil }
            try require(context.sources.map(\.stage) == expected.map { plan.stages[$0].name }, "~output: other stages")
            try require(context.sources.map(\.result) == expected.compactMap { stages[$0].result }, "~output: other values")
        default: throw Violation("\(job): \(order.task) is no task of this job")
        }
    }

    private func checkNeeds(of stage: Int, _ order: WorkOrder) throws(Violation) {
        for need in plan.stages[stage].needs where plan.stages[stage].softNeeds?.contains(need) != true {
            try require(
                letsOthersStart(need), "\(order.task) starts before \(plan.stages[need].name) is committed")
        }
        if !plan.inputFiles.isEmpty {
            let fetched = tasks.values.contains { $0.name?.kind == .fetch && $0.hasSucceeded }
            try require(fetched, "\(order.task) starts before the job's input is fetched")
        }
    }

    /// At most so many calls at once: of the stage, of the model over all stages, and attempts of the job.
    private func checkLimits(_ order: WorkOrder) throws(Violation) {
        guard !order.recovered else { return }
        let running = live.values.compactMap { tasks[$0]?.name }
        for stage in plan.stages {
            guard let limit = stage.policy.maxParallel else { continue }
            let calls = running.count { $0.stage == stage.name && $0.isCall }
            try require(calls <= limit, "\(calls) calls of \(stage.name) run, and its max_parallel is \(limit)")
        }
        for (key, model) in plan.models {
            guard let limit = model.maxParallel else { continue }
            let calls = running.count { name in
                guard let stage = plan.stages.first(where: { $0.name == name.stage }) else { return false }
                return name.isCall ? stage.kind == .call(model: key) : name.kind == .merge && stage.merge?.reducer == key
            }
            try require(calls <= limit, "\(calls) calls of model \(key) run, and its max_parallel is \(limit)")
        }
        if let limit = plan.policy.maxParallel {
            try require(running.count <= limit, "\(running.count) attempts run, and the job's max_parallel is \(limit)")
        }
    }

    private func checkWork(_ order: WorkOrder, _ name: TaskName, _ stage: Int) throws(Violation) {
        switch (name.kind, order.work) {
        case (.whole, .pass(let context)) where plan.stages[stage].kind == .pass: try check(context, stage, order)
        case (.whole, .call(let work)):
            guard case .whole(let context) = work.input else { throw Violation("\(job): \(order.task): not a whole call") }
            try check(context, stage, order)
        case (.split, .split(let work)): try check(work.context, stage, order)
        case (.shard(let index), .call(let work)):
            guard case .shard(let shared, let units, _) = work.input else {
                throw Violation("\(job): \(order.task): not a shard's call")
            }
            try require(stages[stage].units.indices.contains(index), "\(order.task) was never planned")
            try require(
                shared == stages[stage].shared && units == stages[stage].units[index] && work.shardIndex == index
                    && work.shardCount == stages[stage].units.count, "\(order.task): other units than its split planned")
        case (.merge, .merge(let work)): try check(work.parts, stage, order)
        case (.merge, .call(let work)):
            guard case .reduce(let parts) = work.input else { throw Violation("\(job): \(order.task): not a reduction") }
            try check(parts, stage, order)
        default: throw Violation("\(job): \(order.task): its work does not suit it")
        }
    }

    private func check(_ context: InputContext, _ stage: Int, _ order: WorkOrder) throws(Violation) {
        let sources = (plan.stages[stage].binding.sources ?? []).filter { stages[$0].result != nil }
        try require(
            context.sources.map(\.stage) == sources.map { plan.stages[$0].name },
            "\(order.task): bound to \(context.sources.map(\.stage)), not to \(sources.map { plan.stages[$0].name })")
        try require(
            context.sources.map(\.result) == sources.compactMap { stages[$0].result },
            "\(order.task): bound to values that are not the committed ones")
        if plan.stages[stage].binding.jobInput {
            try require(context.jobInput == input, "\(order.task): another input than the job's")
        }
    }

    /// Every shard once, in order, with what it has made; a hole only where the policy lets shards be missing.
    private func check(_ parts: [MergePart], _ stage: Int, _ order: WorkOrder) throws(Violation) {
        let state = stages[stage]
        let policy = plan.stages[stage].policy
        try require(
            parts.map(\.shardIndex) == Array(state.units.indices), "\(order.task): merges shards \(parts.map(\.shardIndex))")
        try require(parts.map(\.units) == state.units, "\(order.task): merges other units than its split planned")
        for part in parts {
            if part.output == nil {
                try require(
                    policy.onFailure == .partial && state.failedShards.contains(part.shardIndex),
                    "\(order.task): shard \(part.shardIndex) is missing")
            } else {
                try require(
                    part.output == state.outputs[part.shardIndex],
                    "\(order.task): shard \(part.shardIndex) is not what was committed")
            }
        }
        let there = parts.count { $0.output != nil }
        if there < parts.count {
            try require(
                there > 0 && Double(there) / Double(parts.count) >= policy.minSuccessRatio,
                "\(order.task): merges \(there) of \(parts.count) shards")
        }
    }
}
