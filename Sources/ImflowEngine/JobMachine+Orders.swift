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
        return WorkOrder(
            job: job, task: name(of: live.task), stage: state.stage.map { plan.stages[$0].name } ?? "",
            attempt: live.attempt, token: token, recovered: recovered,
            timeout: callsModel(live.task) ? policy(of: live.task).timeout : nil,
            cache: callsModel(live.task) && policy(of: live.task).cache ? true : nil,
            beside: isHedge ? state.live?.token : nil, work: work(of: live.task))
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
        let leader = leader(of: index)
        return InputContext(
            sources: stage.binding.sources.compactMap {
                $0 == leader ? nil : source($0, outputKey: plan.stages[$0].outputKey)
            },
            jobInput: stage.binding.jobInput ? jobInput : nil, key: stage.binding.key,
            soleValueFallback: stage.binding.soleValueFallback, literal: stage.literal, when: stage.when)
    }

    /// What stands in for the leader's result while it is not there yet.
    private func followedList(of index: Int) -> FollowedList? {
        guard let leader = leader(of: index), let units = stages[leader].unitCount,
            let shards = stages[leader].shardCount
        else { return nil }
        let nearer = plan.stages[index].binding.sources.prefix { $0 != leader }
        return FollowedList(
            stage: plan.stages[leader].name, outputKey: plan.stages[leader].outputKey,
            position: nearer.count { stages[$0].result != nil }, unitCount: units, shardCount: shards)
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
