package import ImflowExecution
package import ImflowPlan

/// A job at a glance: what lists, progress displays and `imflow job` show.
package struct JobSummary: Sendable, Codable, Equatable {
    package struct Stage: Sendable, Codable, Equatable {
        package var name: String
        /// The model's key in the plan; nil for the border of a pipeline.
        package var model: String?
        /// `waiting`, `running`, `succeeded`, `partial`, `failed`, `skipped`, `cancelled`.
        package var status: String
        /// Nil until the split has been made.
        package var totalShards: Int?
        package var units: Int?
        package var succeeded = 0
        package var failed = 0
        package var running = 0
        /// Attempts beyond the first of each shard.
        package var retried = 0
        /// Results taken from the cache; nil in summaries older than it.
        package var cached: Int?
        /// Why, when it failed or waits.
        package var message: String?
    }

    package enum MergeStatus: String, Sendable, Codable { case merged, partial, failed, none }

    package var status: JobStatus
    package var totalShards: Int
    package var succeeded: Int
    package var failed: Int
    package var mergeStatus: MergeStatus
    package var submittedAt: Int64
    package var completedAt: Int64?
    package var output: Payload?
    package var stages: [Stage]
    /// What ended the job, when it failed.
    package var message: String?
    /// The cause of the failure that ended it.
    package var cause: Cause?
}

extension JobMachine {
    package var summary: JobSummary {
        let stages = plan.stages.indices.map(summary(ofStage:))
        return JobSummary(
            status: status, totalShards: stages.reduce(0) { $0 + ($1.totalShards ?? 0) },
            succeeded: stages.reduce(0) { $0 + $1.succeeded }, failed: stages.reduce(0) { $0 + $1.failed },
            mergeStatus: mergeStatus, submittedAt: submittedAt, completedAt: completedAt, output: output,
            stages: stages, message: timedOut ? "the job's time limit has passed" : firstFailure?.message,
            cause: timedOut ? .timeout : firstFailure?.cause)
    }

    private var mergeStatus: JobSummary.MergeStatus {
        let splits = plan.stages.indices.filter { plan.stages[$0].split != nil }.map { stages[$0] }
        let mergeFailed = splits.contains { stage in stage.mergeTask.map { tasks[$0].status == .failed } ?? false }
        if mergeFailed { return .failed }
        if splits.contains(where: { $0.status == .partial }) { return .partial }
        return !splits.isEmpty && splits.allSatisfy { $0.status == .succeeded } ? .merged : .none
    }

    private func summary(ofStage index: Int) -> JobSummary.Stage {
        let stage = stages[index]
        let plan = plan.stages[index]
        var model: String?
        if case .call(let key) = plan.kind { model = key }
        var result = JobSummary.Stage(
            name: plan.name, model: model, status: stage.status.rawValue, totalShards: stage.shardCount,
            units: stage.unitCount)
        if status.isFinished, !stage.status.isSettled { result.status = "cancelled" }
        if plan.split == nil {
            let call = stage.firstTask.map { tasks[$0].status }
            result.succeeded = call == .succeeded ? 1 : 0
            result.failed = call == .failed ? 1 : 0
        } else {
            result.succeeded = stage.shardsSucceeded
            result.failed = stage.shardsFailed
        }
        result.running = stage.callsRunning
        result.retried = stage.callsRetried
        result.cached = stage.callsCached
        result.message = stage.failure?.message
        return result
    }
}
