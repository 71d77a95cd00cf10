package import ImflowExecution

/// What a job has done so far, for whoever draws it: its tasks, their attempts, and what waited for what.
package struct ExecutionTrace: Sendable {
    /// One try of a task that has ended.
    package struct Attempt: Sendable, Equatable {
        package var number: Int
        /// `succeeded`, `failed`, `skipped` or `cancelled`.
        package var status: String
        /// Why it failed: `app`, `timeout`, `oom`, `infra`, `lost`, `preempted` or `cancelled`.
        package var cause: String?
        package var message: String?
        /// Milliseconds since 1970-01-01T00:00:00Z.
        package var startedAt: Int64
        package var finishedAt: Int64
        package var machine: String
        /// What of its time it waited for its model to start; nil: none, or nobody can tell.
        package var startMilliseconds: Int64?

        package init(_ receipt: Receipt) {
            number = receipt.attempt
            status = receipt.status.rawValue
            cause = receipt.cause?.rawValue
            message = receipt.message
            startedAt = receipt.startedAt
            finishedAt = max(receipt.startedAt, receipt.finishedAt)
            machine = receipt.node
            startMilliseconds = receipt.startMilliseconds.map { Int64($0.rounded()) }
        }

        package var milliseconds: Int64 { finishedAt - startedAt }
    }

    package struct Task: Sendable {
        /// Unique in the job, such as `words~07`.
        package var id: String
        /// `fetch`, `stage`, `split`, `shard`, `merge`, `output` or `job`.
        package var kind: String
        package var stage: String?
        package var model: String?
        package var status: String
        /// Of its result, when it has one: its hash, and its size in bytes.
        package var output: (hash: String, size: Int)?
        package var attempts: [Attempt] = []

        package init(
            id: String, kind: String, stage: String?, model: String?, status: String,
            output: (hash: String, size: Int)? = nil
        ) {
            self.id = id
            self.kind = kind
            self.stage = stage
            self.model = model
            self.status = status
            self.output = output
        }

        /// Whether it calls a model.
        package var isCall: Bool { kind == "shard" || kind == "stage" }
    }

    package var job: String
    package var status: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var submittedAt: Int64
    package var completedAt: Int64?
    package var tasks: [Task]
    /// Indexes into ``tasks``: the second waited for the first.
    package var edges: [(from: Int, to: Int)]

    package init(
        job: String, status: String, submittedAt: Int64, completedAt: Int64?, tasks: [Task],
        edges: [(from: Int, to: Int)]
    ) {
        self.job = job
        self.status = status
        self.submittedAt = submittedAt
        self.completedAt = completedAt
        self.tasks = tasks
        self.edges = edges
    }

    /// When the first attempt started, or the job was submitted.
    package var start: Int64 {
        min(submittedAt, tasks.lazy.flatMap { $0.attempts.lazy.map(\.startedAt) }.min() ?? submittedAt)
    }

    /// When the last attempt that is known of ended.
    package var end: Int64 {
        max(start, completedAt ?? start, tasks.lazy.flatMap { $0.attempts.lazy.map(\.finishedAt) }.max() ?? start)
    }
}
