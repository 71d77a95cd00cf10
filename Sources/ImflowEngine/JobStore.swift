package import ImflowExecution

/// Where facts are kept. The engine's only way to remember.
package protocol JobStore: Sendable {
    /// Appends facts and what follows from them, in one durable transaction: when this returns they outlive a power cut;
    /// when it throws, none of them is kept.
    func commit(_ batch: FactBatch) async throws

    /// Requests that others left for this job since the last look, such as a cancellation.
    func takeRequests(job: String) async throws -> [JobRequest]

    /// Yields at once, and then whenever another process may have left a request, come or gone.
    func changes() -> AsyncStream<Void>
}

extension JobStore {
    /// A store that no other process sees.
    package func changes() -> AsyncStream<Void> {
        AsyncStream { continuation in
            continuation.yield()
            continuation.finish()
        }
    }
}

package enum JobRequest: String, Sendable, Codable { case cancel, pause }

extension JobLoop.Command {
    package init(_ request: JobRequest) {
        switch request {
        case .cancel: self = .cancel
        case .pause: self = .pause
        }
    }
}

package struct FactBatch: Sendable {
    package var job: String
    package var facts: [Fact]
    /// The job as it is after the facts; nil: not worth writing yet, a later batch will bring it.
    package var summary: JobSummary?

    package init(job: String, facts: [Fact], summary: JobSummary?) {
        self.job = job
        self.facts = facts
        self.summary = summary
    }
}

extension JobMachine {
    /// The receipt of the attempt that a fact ended; nil for other facts. Ask before or after applying: the answer is the same.
    package func receipt(of fact: Fact) -> Receipt? {
        switch fact {
        case .attemptSucceeded(let task, let attempt, let result, let evidence):
            receipt(task, attempt, .succeeded, nil, result.hash, evidence)
        case .splitExpanded(let task, let attempt, let shared, _, _, let evidence):
            receipt(task, attempt, .succeeded, nil, shared.hash, evidence)
        case .attemptSkipped(let task, let attempt, let reason, let evidence):
            receipt(task, attempt, .skipped, Failure(.app, reason), nil, evidence)
        case .attemptFailed(let task, let attempt, let failure, _, let evidence):
            receipt(task, attempt, .failed, failure, nil, evidence)
        case .attemptReleased(let task, let attempt, let evidence):
            receipt(task, attempt, .cancelled, Failure(.cancelled, "ended by the engine"), nil, evidence)
        default: nil
        }
    }

    private func receipt(
        _ task: Int, _ attempt: Int, _ status: Receipt.Status, _ failure: Failure?, _ output: ContentHash?,
        _ evidence: Evidence
    ) -> Receipt {
        let state = tasks[task]
        var shardIndex: Int?
        if case .shard(let index) = state.kind { shardIndex = index }
        if state.kind == .whole { shardIndex = 0 }
        return Receipt(
            jobID: subJobID(of: task), stage: stageName(of: task) ?? "", task: name(of: task),
            shardIndex: shardIndex, attempt: attempt, status: status,
            cause: status == .skipped ? nil : failure?.cause, message: failure?.message,
            latencyMilliseconds: evidence.latencyMilliseconds, inputHash: evidence.inputHash, outputHash: output,
            node: evidence.node, startedAt: evidence.startedAt, finishedAt: evidence.finishedAt,
            cachedFrom: status == .succeeded ? evidence.cache?.from : nil, engine: evidence.engine,
            imageDigest: evidence.imageDigest, startMilliseconds: evidence.startMilliseconds)
    }
}
