import ImflowExecution

/// The executor as the jobs of a family have it: they share warm instances.
struct FamilyExecutor: Executor {
    let executor: LocalExecutor
    let root: String

    var threads: (any TaskExecutor)? { executor.threads }

    func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
        var order = order
        order.root = root
        return await executor.run(order, progress: progress)
    }

    func sweep(job: String, keeping tokens: Set<String>) async { await executor.sweep(job: job, keeping: tokens) }

    /// Instances serve the whole family: who drives its root ends them.
    func shutdown() async {}
}
