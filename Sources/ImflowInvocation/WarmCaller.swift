import ImflowHTTP
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Sends a unit to a warm instance, by every protocol but `exec`.
struct WarmCaller: UnitCaller {
    let client: HTTPClient
    private let places: HeldLeases

    /// An instance that ended before it saw the request is replaced so often.
    private static let replacements = 2
    /// How long back-pressure is borne where the attempt has no timeout of its own.
    private static let patience = TimeSpan(seconds: 600)

    init(pool: InstancePool, client: HTTPClient) {
        self.client = client
        places = HeldLeases(pool: pool)
    }

    func finish() async { await places.releaseAll() }

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
            lease = try await places.take(clock: attempt.startClock) { attempt.environment(in: $0) }
        } catch { throw .sound(error) }
        let mark = lease.log.size
        let folder = lease.unitFolder("\(attempt.order.task).\(attempt.order.attempt).\(name)")
        let session = attempt.api?.open(unit, of: attempt.order, files: lease.folder, unitFolder: folder)
        let outcome: Result<JSONValue, ExchangeFailure>
        do throws(ExchangeFailure) {
            outcome = .success(
                try await exchange(
                    unit, on: lease, folder: folder, attempt: attempt, named: name, token: session?.token))
        } catch { outcome = .failure(error) }
        session?.close()
        folder.remove()
        if unit.hasFiles { await lease.instance.drop(folder.guest) }
        if name == "0" {
            let origin = lease.isTakenOver ? ", which an earlier imflow started" : ""
            attempt.log.note("served by instance \(lease.token)\(origin)")
        }
        attempt.log.append(from: lease.log, since: mark)
        let isBroken = if case .failure(let error) = outcome { error.discardsInstance } else { false }
        await places.giveBack(lease, broken: isBroken)
        return try outcome.get()
    }

    private func exchange(
        _ unit: StagedUnit, on lease: InstanceLease, folder: UnitFolder, attempt: CallAttempt, named name: String,
        token: String?
    ) async throws(ExchangeFailure) -> JSONValue {
        let input: JSONValue
        do throws(Failure) {
            input = try await attempt.stagedInput(of: unit, in: folder)
            if unit.hasFiles { try await lease.instance.hand(folder.path, as: folder.guest) }
        } catch { throw .sound(error) }
        let request = WarmRequest(
            attempt: attempt, unit: unit, input: input, folder: folder, token: token,
            id: attempt.order.token + "-" + name)
        // Nothing was sent yet: the instance need not be given up.
        if Task.isCancelled { throw .sound(.cancelled) }
        let answer: Result<JSONValue, ExchangeFailure>
        do throws(ExchangeFailure) {
            answer = .success(try await call(of: attempt, on: lease).result(of: request))
        } catch { answer = .failure(error) }
        do throws(Failure) { try await attempt.release(folder) } catch {
            if case .failure(let failure) = answer, failure.discardsInstance { throw .broken(error) }
            throw .sound(error)
        }
        let result = try answer.get()
        do throws(Failure) {
            try await lease.instance.bring(
                { attempt.staging.files(named: result, guestFolder: lease.folder.guest) }, from: lease.folder.guest,
                into: lease.folder.path)
            // The model was told the instance's folder as its own; the unit's lies below it.
            return try await attempt.collect(result, from: lease.folder, ended: false)
        } catch { throw .sound(error) }
    }

    private func call(of attempt: CallAttempt, on lease: InstanceLease) -> any WarmCall {
        let model = attempt.work.model
        let patience = attempt.order.timeout == nil ? Self.patience : nil
        let exchange = WarmExchange(client: client, model: model, lease: lease, patience: patience)
        return switch model.callProtocol {
        case .jsonl, .exec: JSONLCall(model: model.name, lease: lease)
        case .rest: RestCall(exchange: exchange)
        case .oip: OIPCall(exchange: exchange)
        case .cog: CogCall(exchange: exchange)
        }
    }
}
