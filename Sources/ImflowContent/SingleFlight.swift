package import ImflowExecution
import Synchronization

/// Does the same work once for all who ask for it at the same time. One that is cancelled stops waiting at once; the work
/// itself ends when nobody waits for it any more.
package final class SingleFlight<Value: Sendable>: Sendable {
    typealias Answer = CheckedContinuation<Result<Value, Failure>, Never>

    private struct Flight {
        var task: Task<Void, Never>?
        var waiting: [UInt64: Answer] = [:]
    }

    private struct State {
        var flights: [UInt64: Flight] = [:]
        /// The flight that newcomers join.
        var current: [String: UInt64] = [:]
        var nextID: UInt64 = 0

        mutating func newID() -> UInt64 {
            nextID += 1
            return nextID
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// What `work` makes for all who ask for `key` meanwhile.
    /// - Throws: what `work` threw; ``Failure`` with cause `cancelled` when the caller was cancelled.
    package func value(
        of key: String, _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let waiter = state.withLock { $0.newID() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                join(key, waiter, answer, work)
                // A cancellation that came before found nobody waiting.
                if Task.isCancelled { leave(key, waiter) }
            }
        } onCancel: {
            leave(key, waiter)
        }
        return try result.get()
    }

    /// How many wait for the work of this key.
    package func waiterCount(of key: String) -> Int {
        state.withLock { state in state.current[key].flatMap { state.flights[$0] }?.waiting.count ?? 0 }
    }

    private func join(
        _ key: String, _ waiter: UInt64, _ answer: Answer, _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) {
        state.withLock { state in
            if let id = state.current[key] {
                state.flights[id]?.waiting[waiter] = answer
                return
            }
            let id = state.newID()
            state.current[key] = id
            // Not a child task: it belongs to all who wait, whoever came first.
            let task = Task { [self] in
                let result: Result<Value, Failure>
                do throws(Failure) { result = .success(try await work()) } catch { result = .failure(error) }
                land(key, id, result)
            }
            state.flights[id] = Flight(task: task, waiting: [waiter: answer])
        }
    }

    private func land(_ key: String, _ id: UInt64, _ result: Result<Value, Failure>) {
        let waiting = state.withLock { state in
            if state.current[key] == id { state.current[key] = nil }
            return state.flights.removeValue(forKey: id)?.waiting ?? [:]
        }
        for answer in waiting.values { answer.resume(returning: result) }
    }

    private func leave(_ key: String, _ waiter: UInt64) {
        let (answer, abandoned): (Answer?, Task<Void, Never>?) = state.withLock { state in
            guard let (id, _) = state.flights.first(where: { $0.value.waiting[waiter] != nil }) else {
                return (nil, nil)
            }
            let answer = state.flights[id]?.waiting.removeValue(forKey: waiter)
            guard state.flights[id]?.waiting.isEmpty == true else { return (answer, nil) }
            if state.current[key] == id { state.current[key] = nil }
            return (answer, state.flights.removeValue(forKey: id)?.task)
        }
        abandoned?.cancel()
        answer?.resume(returning: .failure(Failure(.cancelled, "it was cancelled")))
    }
}
