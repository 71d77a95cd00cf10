package import ImflowExecution
import ImflowJSON
import ImflowPlan

extension JobMachine {
    /// The work of a live attempt.
    /// - Precondition: the token is one of ``liveTokens``.
    package func order(token: String, recovered: Bool) -> WorkOrder {
        guard let live = liveAttempts[token] else { preconditionFailure("job \(job): no live attempt has token \(token)") }
        let state = tasks[live.task]
        let isHedge = hedges[live.task]?.token == token
        let calls = callsModel(live.task)
        let policy = policy(of: live.task)
        return WorkOrder(
            job: job, task: name(of: live.task), stage: state.stage.map { plan.stages[$0].name } ?? "",
            attempt: live.attempt, token: token, recovered: recovered, timeout: calls ? policy.timeout : nil,
            beside: isHedge ? state.live?.token : nil, cache: calls && policy.cache ? true : nil,
            work: work(of: live.task))
    }

    /// The work of every live attempt, for an engine that takes the job over.
    package var recoveredOrders: [WorkOrder] {
        let inOrder = liveAttempts.sorted { ($0.value.task, $0.value.attempt) < ($1.value.task, $1.value.attempt) }
        return inOrder.map { order(token: $0.key, recovered: true) }
    }

    private func work(of id: Int) -> Work {
        let task = tasks[id]
        guard let index = task.stage else {
            if task.kind == .fetch { return .fetch(FetchWork(input: plan.input, pointers: plan.inputFiles)) }
            return .pass(outputContext())
        }
        let stage = plan.stages[index]
        guard case .call(let key) = stage.kind else { return .pass(context(of: index)) }
        let model = model(key, for: id)
        switch task.kind {
        case .split:
            return .split(
                SplitWork(
                    context: context(of: index), split: splitPlan(index), inputSchema: model.inputSchema,
                    followed: followedList(of: index)))
        case .shard(let shard):
            guard let shared = stages[index].shared, let units = task.units else {
                preconditionFailure("job \(job): shard \(shard) of \(stage.name) was never planned")
            }
            return .call(
                CallWork(
                    model: model,
                    input: .shard(
                        shared: shared, units: units, followed: leadersOutput(ofShard: shard, stage: index)),
                    shardIndex: shard, shardCount: stages[index].shardCount ?? 1))
        case .merge:
            let parts = mergeParts(index)
            if let reducer = stage.merge?.reducer {
                return .call(CallWork(model: self.model(reducer, for: id), input: .reduce(parts: parts)))
            }
            return .merge(MergeWork(merge: stage.merge ?? MergePlan(), split: splitPlan(index), parts: parts))
        case .fetch, .whole, .output:
            return .call(CallWork(model: model, input: .whole(context(of: index))))
        }
    }

    /// A model with the memory that the task's next attempt gets.
    private func model(_ key: String, for task: Int) -> ModelPlan {
        guard var model = plan.models[key] else { preconditionFailure("job \(job): the plan lacks the model \(key)") }
        model.resources.memory = model.resources.memory(afterFailures: memoryFailures[task] ?? 0)
        return model
    }

    private func splitPlan(_ stage: Int) -> SplitPlan {
        guard let split = plan.stages[stage].split else {
            preconditionFailure("job \(job): stage \(plan.stages[stage].name) has no split")
        }
        return split
    }

    private func mergeParts(_ stage: Int) -> [MergePart] {
        stages[stage].shards.enumerated().compactMap { index, task in
            tasks[task].units.map { MergePart(shardIndex: index, units: $0, output: tasks[task].result) }
        }
    }

    private func context(of index: Int) -> InputContext {
        let stage = plan.stages[index]
        return InputContext(
            sources: sources(of: index).found, jobInput: stage.binding.jobInput ? jobInput : nil,
            key: stage.binding.key, firstSource: stage.binding.firstSource,
            soleValueFallback: stage.binding.soleValueFallback, literal: stage.literal, when: stage.when)
    }

    /// Nearest first. What is farther away than all that the stage asks for by name is left out: the order of a stage at
    /// the end of a long chain stays short. The stage whose shards it follows is left out, too; `leader` is where it would
    /// stand.
    private func sources(of index: Int) -> (found: [InputContext.Source], leader: Int) {
        let stage = plan.stages[index]
        let leader = leader(of: index)
        var position = 0
        var wanted = stage.binding.key.map { Set([$0] + (stage.when?.names ?? [])) }
        var found: [InputContext.Source] = []
        for source in plan.sources(of: index, in: sourceGraph) {
            let outputKey = plan.stages[source].outputKey
            if source == leader {
                position = found.count
            } else {
                guard let source = self.source(source, outputKey: outputKey) else { continue }
                found.append(source)
            }
            if stage.binding.firstSource == true { break }
            guard let outputKey, wanted?.remove(outputKey) != nil else { continue }
            if wanted?.isEmpty == true { break }
        }
        return (found, position)
    }

    /// What stands in for the leader's result while it is not there yet.
    private func followedList(of index: Int) -> FollowedList? {
        guard let leader = leader(of: index), let units = stages[leader].unitCount,
            let shards = stages[leader].shardCount
        else { return nil }
        return FollowedList(
            stage: plan.stages[leader].name, outputKey: plan.stages[leader].outputKey,
            position: sources(of: index).leader, unitCount: units, shardCount: shards)
    }

    private func outputContext() -> InputContext {
        InputContext(
            sources: plan.outputs.compactMap { source($0, outputKey: plan.stages[$0].name) }, jobInput: nil, key: nil,
            soleValueFallback: false, literal: .object([:]), when: nil)
    }

    private func source(_ stage: Int, outputKey: String?) -> InputContext.Source? {
        stages[stage].result.map {
            InputContext.Source(stage: plan.stages[stage].name, outputKey: outputKey, result: $0)
        }
    }
}
