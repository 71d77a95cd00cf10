import ImflowEngine
import ImflowExecution
import ImflowPlan

extension Ledger {
    /// What a job's summary says must follow from the facts.
    func check(_ summary: JobSummary) throws(Violation) {
        try require(summary.status.isFinished == isFinished, "the summary says \(summary.status)")
        for (index, stage) in summary.stages.enumerated() {
            let name = plan.stages[index].name
            let running = Set(live.values).count { task in
                guard let taskName = tasks[task]?.name, taskName.stage == name else { return false }
                switch taskName.kind {
                case .whole, .shard: return true
                default: return false
                }
            }
            // An attempt whose order is still to be handed out has no name yet.
            let nameless = Set(live.values).count { tasks[$0]?.name == nil }
            try require(
                isFinished ? stage.running == 0 : (running...running + nameless).contains(stage.running),
                "the summary says that \(stage.running) calls of \(name) run, \(running) do")
            if plan.stages[index].split != nil, stages[index].shared != nil, let total = stage.totalShards {
                try require(total == stages[index].units.count, "the summary says that \(name) has \(total) shards")
                try require(stage.succeeded + stage.failed <= total, "the summary counts more of \(name) than there are")
            }
        }
        try require(
            summary.succeeded == summary.stages.reduce(0) { $0 + $1.succeeded }
                && summary.failed == summary.stages.reduce(0) { $0 + $1.failed }, "the summary's sums are not its stages'")
        if summary.status == .succeeded {
            try require(
                summary.succeeded + summary.stages.count { $0.status == "skipped" && $0.totalShards != nil }
                    >= summary.totalShards && summary.failed == 0, "succeeded, and the summary counts \(summary.succeeded) of \(summary.totalShards)")
        }
    }
}
