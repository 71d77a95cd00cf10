import ImflowEngine
import ImflowExecution

/// The executor as one job of a family has it: attempts of all jobs pass the same gate, and share warm instances.
struct FamilyExecutor: Executor {
    let executor: LocalExecutor
    let gate: SlotGate
    let root: String
    let rank: SlotGate.Rank
    /// Opened when the job's first attempt has its place among those that want a slot.
    var arrived: Latch?

    func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
        var order = order
        order.root = root
        guard await gate.enter(order.token, of: order.job, rank: rank, queued: { arrived?.open() }) else {
            let now = WallClock.now
            return AttemptReport(
                order: order, outcome: .failed(Failure(.cancelled, "the attempt was cancelled before it began")),
                inputHash: nil, startedAt: now, finishedAt: now, latencyMilliseconds: 0, node: executor.node)
        }
        let report = await executor.run(order, progress: progress)
        gate.leave(order.token)
        return report
    }

    func sweep(job: String, keeping tokens: Set<String>) async { await executor.sweep(job: job, keeping: tokens) }

    /// Instances serve the whole family: who drives its root ends them.
    func shutdown() async {}
}
