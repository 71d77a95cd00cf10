import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowStore
import Synchronization

/// Keeps for later estimates how long a driven job's attempts took and what their results take.
final class HistoryRecorder: Sendable {
    private let sampler = Mutex(WorkSampler())

    /// `observer`, with what it is told noted first.
    func observing(_ observer: Conductor.Observer) -> Conductor.Observer {
        var observing = observer
        observing.committed = { [self] facts, machine in
            sampler.withLock { sampler in for fact in facts { sampler.note(fact, machine) } }
            observer.committed(facts, machine)
        }
        return observing
    }

    /// Estimates are a convenience: a store that refuses them must not fail a job that has ended well.
    func save(in state: State) async {
        var history: WorkHistory = [:]
        for (kind, attempts) in sampler.withLock({ $0.taken }) {
            history[kind] = attempts.map { attempt in
                WorkSample(
                    units: attempt.units, milliseconds: attempt.milliseconds,
                    bytes: Self.bytes(of: attempt.result, in: state.content))
            }
        }
        try? await state.database.remember(history)
    }

    private static func bytes(of result: Payload, in content: ContentStore) -> Int64 {
        // Of very large values what stands in them is not looked at.
        guard result.size <= 1 << 20, let value = try? content.value(of: result) else { return Int64(result.size) }
        return Set(value.contentReferences.map(\.hash)).reduce(Int64(result.size)) { $0 + (content.size(of: $1) ?? 0) }
    }
}
