package import ImflowExecution
package import ImflowPlan

/// A host of several engines: each attempt is given a place on one of them.
package protocol SeatingHost: ModelHost {
    /// A place for one attempt, which may have to be waited for. Throws `infra` when there is none, and `cancelled` when
    /// the calling task is cancelled.
    func seat(for order: WorkOrder, model: ModelPlan) async throws(Failure) -> any ModelSeat
}

/// A place for one attempt on one of several engines. It may go away while the attempt runs.
package protocol ModelSeat: Sendable {
    /// Where the attempt's models run.
    var host: any ModelHost { get }
    /// The engine's address, for people.
    var engine: String { get }
    /// Returns when the engine is known to have gone, or when the calling task is cancelled.
    func gone() async
    /// Whether the engine answers now.
    func answers() async -> Bool
    /// The attempt is over.
    func leave()
}

extension ModelSeat {
    /// Runs `body`; when the engine goes away meanwhile, cancels it: what it fails with is `lost` then, because nobody
    /// knows how far it came.
    func occupied<Value: Sendable>(
        _ body: @escaping @Sendable () async -> Result<Value, Failure>
    ) async -> Result<Value, Failure> {
        let (result, isGone) = await withTaskGroup(of: Result<Value, Failure>?.self) { group in
            group.addTask {
                let result = await body()
                return result
            }
            group.addTask {
                await self.gone()
                return nil
            }
            var isGone = false
            var result: Result<Value, Failure>?
            while let next = await group.next() {
                if let next { result = next } else if result == nil, !Task.isCancelled { isGone = true }
                group.cancelAll()
            }
            return (result ?? .failure(.cancelled), isGone)
        }
        guard case .failure(let failure) = result, !Task.isCancelled else { return result }
        if isGone { return .failure(lost) }
        // A program that breaks off its answer may have ended with its engine, which nobody has noticed yet.
        guard [.infra, .app, .lost].contains(failure.cause), await !answers() else { return result }
        return .failure(lost)
    }

    private var lost: Failure {
        Failure(.lost, "the Docker engine at \(engine) went away while the attempt ran there")
    }
}
