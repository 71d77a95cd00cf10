extension JobMachine {
    /// A task's name: unique in the job, safe in paths. `~` stands in no stage's name.
    package func name(of task: Int) -> String {
        let state = tasks[task]
        guard let stage = state.stage else { return state.kind == .fetch ? "~input" : "~output" }
        let name = plan.stages[stage].name
        return switch state.kind {
        case .split: "\(name)~split"
        case .merge: "\(name)~merge"
        case .shard(let index): "\(name)~\(paddedIndex(index, of: stages[stage].shardCount ?? 1))"
        default: name
        }
    }

    /// A sub-job's id by SPEC section 8: `<job>-<index>`, in a graph `<job>-<stage>-<index>`.
    package func subJobID(of task: Int) -> String {
        let state = tasks[task]
        guard let stage = state.stage else { return "\(job)-\(state.kind == .fetch ? "input" : "output")" }
        let stem = plan.stages.count == 1 ? job : "\(job)-\(plan.stages[stage].name)"
        return switch state.kind {
        case .shard(let index): "\(stem)-\(paddedIndex(index, of: stages[stage].shardCount ?? 1))"
        case .split: "\(stem)-split"
        case .merge: "\(stem)-merge"
        default: "\(stem)-00"
        }
    }

    private func paddedIndex(_ index: Int, of count: Int) -> String {
        let width = max(2, String(max(count - 1, 0)).utf8.count)
        let digits = String(index)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
