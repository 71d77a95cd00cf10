import ImflowEngine
import Synchronization

/// The store's port in memory: what is committed stays, whoever dies. Can be told to refuse.
final class SimulatedStore: JobStore {
    struct Refusal: Error {}

    private struct State {
        var facts: [String: [Fact]] = [:]
        var summaries: [String: JobSummary] = [:]
        var leases: [String: LeaseHolder] = [:]
        var requests: [String: [JobRequest]] = [:]
        var refusals = 0
    }

    private let state = Mutex(State())

    init() {}

    func commit(_ batch: FactBatch) throws {
        try state.withLock { state in
            if state.refusals > 0 {
                state.refusals -= 1
                throw Refusal()
            }
            state.facts[batch.job, default: []] += batch.facts
            if let summary = batch.summary { state.summaries[batch.job] = summary }
        }
    }

    func takeRequests(job: String) -> [JobRequest] {
        state.withLock { $0.requests.removeValue(forKey: job) ?? [] }
    }

    func request(_ request: JobRequest, job: String) {
        state.withLock { $0.requests[job, default: []].append(request) }
    }

    /// The next commit throws, and keeps nothing.
    func refuseOnce() { state.withLock { $0.refusals = 1 } }
    func acceptAll() { state.withLock { $0.refusals = 0 } }

    func facts(of job: String) -> [Fact] { state.withLock { $0.facts[job] ?? [] } }
    func summary(of job: String) -> JobSummary? { state.withLock { $0.summaries[job] } }
    func lease(of job: String) -> LeaseHolder? { state.withLock { $0.leases[job] } }
    func setLease(_ holder: LeaseHolder?, of job: String) { state.withLock { $0.leases[job] = holder } }
}
