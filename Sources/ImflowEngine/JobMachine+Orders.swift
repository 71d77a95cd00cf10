package import ImflowExecution
import ImflowJSON
import ImflowPlan

extension JobMachine {
    /// The work of a task's live attempt.
    /// - Precondition: the task has a live attempt.
    package func order(for task: Int, recovered: Bool) -> WorkOrder {
        let state = tasks[task]
        guard let live = state.live else { preconditionFailure("job \(job): \(name(of: task)) has no live attempt") }
        let calls = state.kind == .whole || state.units != nil || (state.kind == .merge && reducer(of: state) != nil)
        return WorkOrder(
            job: job, task: name(of: task), stage: state.stage.map { plan.stages[$0].name } ?? "",
            attempt: state.attempts, token: live.token, recovered: recovered,
            timeout: calls ? policy(of: task).timeout : nil, cache: calls && policy(of: task).cache ? true : nil,
            work: work(of: state))
    }

    private func reducer(of task: TaskState) -> String? { task.stage.flatMap { plan.stages[$0].merge?.reducer } }

    private func work(of task: TaskState) -> Work {
        guard let index = task.stage else {
            if task.kind == .fetch { return .fetch(FetchWork(input: plan.input, pointers: plan.inputFiles)) }
            return .pass(outputContext())
        }
        let stage = plan.stages[index]
        guard case .call(let key) = stage.kind else { return .pass(context(of: index)) }
        let model = model(key)
        switch task.kind {
        case .split:
            return .split(
                SplitWork(context: context(of: index), split: splitPlan(index), inputSchema: model.inputSchema))
        case .shard(let shard):
            guard let shared = stages[index].shared, let units = task.units else {
                preconditionFailure("job \(job): shard \(shard) of \(stage.name) was never planned")
            }
            return .call(
                CallWork(
                    model: model, input: .shard(shared: shared, units: units), shardIndex: shard,
                    shardCount: stages[index].shardCount ?? 1))
        case .merge:
            let parts = mergeParts(index)
            if let reducer = stage.merge?.reducer {
                return .call(CallWork(model: self.model(reducer), input: .reduce(parts: parts)))
            }
            return .merge(MergeWork(merge: stage.merge ?? MergePlan(), split: splitPlan(index), parts: parts))
        case .fetch, .whole, .output:
            return .call(CallWork(model: model, input: .whole(context(of: index))))
        }
    }

    private func model(_ key: String) -> ModelPlan {
        guard let model = plan.models[key] else { preconditionFailure("job \(job): the plan lacks the model \(key)") }
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
            sources: stage.binding.sources.compactMap { source($0, outputKey: plan.stages[$0].outputKey) },
            jobInput: stage.binding.jobInput ? jobInput : nil, key: stage.binding.key,
            soleValueFallback: stage.binding.soleValueFallback, literal: stage.literal, when: stage.when)
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
