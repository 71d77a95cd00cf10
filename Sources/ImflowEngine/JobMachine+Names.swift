extension JobMachine {
    /// A task's name: unique in the job, safe in paths. `~` stands in no stage's name.
    package func name(of task: Int) -> String {
        let state = tasks[task]
        guard let name = stageName(of: task) else { return state.kind == .fetch ? "~input" : "~output" }
        return switch state.kind {
        case .split: "\(name)~split"
        case .merge: "\(name)~merge"
        case .shard(let index): "\(name)~\(paddedIndex(index, of: shardCount(besides: task)))"
        default: name
        }
    }

    /// A sub-job's id by SPEC section 8: `<job>-<index>`, in a graph `<job>-<stage>-<index>`.
    package func subJobID(of task: Int) -> String {
        let state = tasks[task]
        guard let name = stageName(of: task) else { return "\(job)-\(state.kind == .fetch ? "input" : "output")" }
        let stem = plan.stages.count == 1 ? job : "\(job)-\(name)"
        return switch state.kind {
        case .shard(let index): "\(stem)-\(paddedIndex(index, of: shardCount(besides: task)))"
        case .split: "\(stem)-split"
        case .merge: "\(stem)-merge"
        default: "\(stem)-00"
        }
    }

    /// Of stages that a new plan dropped, too; nil for what belongs to no stage.
    package func stageName(of task: Int) -> String? {
        tasks[task].stage.map { plan.stages[$0].name } ?? retiredTasks[task]?.name
    }

    private func shardCount(besides task: Int) -> Int {
        tasks[task].stage.map { stages[$0].shardCount ?? 1 } ?? retiredTasks[task]?.shardCount ?? 1
    }

    private func paddedIndex(_ index: Int, of count: Int) -> String {
        let width = max(2, String(max(count - 1, 0)).utf8.count)
        let digits = String(index)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
