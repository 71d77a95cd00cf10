import ImflowHTTP
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Sends a unit to a warm instance: `rest` and `jsonl`.
struct WarmCaller: UnitCaller {
    let pool: InstancePool
    let client: HTTPClient

    /// An instance that ended before it saw the request is replaced so often.
    private static let replacements = 2
    /// How long back-pressure is borne where the attempt has no timeout of its own.
    private static let patience = TimeSpan(seconds: 600)

    func result(of unit: StagedUnit, named name: String, in attempt: CallAttempt) async throws(Failure) -> JSONValue {
        var replaced = 0
        while true {
            do throws(ExchangeFailure) {
                return try await once(unit, named: name, in: attempt)
            } catch {
                guard case .gone(let failure) = error, replaced < Self.replacements else { throw error.failure }
                attempt.log.note("\(failure.message)\nimflow: another instance takes unit \(name)")
                replaced += 1
            }
        }
    }

    private func once(
        _ unit: StagedUnit, named name: String, in attempt: CallAttempt
    ) async throws(ExchangeFailure) -> JSONValue {
        let lease: InstanceLease
        do throws(Failure) {
            lease = try await pool.acquire(clock: attempt.startClock) { attempt.environment(in: $0) }
        } catch { throw .sound(error) }
        let mark = lease.log.size
        let folder = lease.unitFolder("\(attempt.order.task).\(attempt.order.attempt).\(name)")
        let session = attempt.api?.open(unit, of: attempt.order, files: lease.folder, unitFolder: folder)
        let outcome: Result<JSONValue, ExchangeFailure>
        do throws(ExchangeFailure) {
            outcome = .success(
                try await exchange(unit, on: lease, folder: folder, attempt: attempt, token: session?.token))
        } catch { outcome = .failure(error) }
        session?.close()
        folder.remove()
        if name == "0" { attempt.log.note("served by instance \(lease.token)") }
        attempt.log.append(from: lease.log, since: mark)
        if case .failure(let error) = outcome {
            await pool.release(lease, broken: error.discardsInstance)
        } else {
            await pool.release(lease, broken: false)
        }
        return try outcome.get()
    }

    private func exchange(
        _ unit: StagedUnit, on lease: InstanceLease, folder: UnitFolder, attempt: CallAttempt, token: String?
    ) async throws(ExchangeFailure) -> JSONValue {
        let request: [UInt8]
        do throws(Failure) {
            request = try await attempt.stage(unit, into: folder, token: token)
        } catch { throw .sound(error) }
        // Nothing was sent yet: the instance need not be given up.
        if Task.isCancelled { throw .sound(.cancelled) }
        let answer: Result<JSONValue, ExchangeFailure>
        do throws(ExchangeFailure) {
            answer = .success(try await reply(to: request, on: lease, attempt: attempt))
        } catch { answer = .failure(error) }
        do throws(Failure) { try await attempt.release(folder) } catch {
            if case .failure(let failure) = answer, failure.discardsInstance { throw .broken(error) }
            throw .sound(error)
        }
        let result = try answer.get()
        do throws(Failure) {
            // The model was told the instance's folder as its own; the unit's lies below it.
            return try await attempt.collect(result, from: lease.folder, ended: false)
        } catch { throw .sound(error) }
    }

    private func reply(
        to request: [UInt8], on lease: InstanceLease, attempt: CallAttempt
    ) async throws(ExchangeFailure) -> JSONValue {
        let model = attempt.work.model
        if model.callProtocol == .jsonl { return try await JSONLCall(model: model.name, lease: lease).result(of: request) }
        let patience = attempt.order.timeout == nil ? Self.patience : nil
        return try await RestCall(client: client, model: model, lease: lease, patience: patience).result(of: request)
    }
}
