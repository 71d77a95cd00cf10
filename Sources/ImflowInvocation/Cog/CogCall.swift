import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan

/// The protocol `cog`: a prediction of a server that Cog made (github.com/replicate/cog, docs/http.md).
/// Its id names the attempt's unit, so that asking again finds the prediction that runs.
struct CogCall: WarmCall {
    /// A prediction that is cancelled may take so long to end; then its instance is ended.
    static let cancelGrace = TimeSpan(seconds: 5)
    /// How often a prediction is asked for again whose connection broke.
    private static let resends = 2
    private static let firstPause = TimeSpan(milliseconds: 50)
    private static let longestPause = TimeSpan(milliseconds: 2000)

    let exchange: WarmExchange

    private var model: ModelPlan { exchange.model }

    func result(of request: WarmRequest) async throws(ExchangeFailure) -> JSONValue {
        var files = CogFiles(model: model.name, files: RequestFiles(of: request))
        let ports: CogPorts
        // A server that does not describe itself is not asked again.
        do throws(Failure) { ports = try await self.ports() } catch {
            throw Task.isCancelled ? ExchangeFailure.sound(.cancelled) : .broken(error)
        }
        let put: WarmExchange.Request
        do throws(Failure) {
            let input = request.input.objectValue ?? [:]
            if let complaint = ports.complaint(of: input) { throw Failure(.app, "model \(model.name) \(complaint)") }
            put = prediction(of: try files.inlined(input, for: ports), id: request.id)
        } catch { throw .sound(error) }
        let answer = try await cancelling(put)
        do throws(Failure) { return try files.kept(try output(of: answer)) } catch { throw .sound(error) }
    }

    private func prediction(of input: JSONObject, id: String) -> WarmExchange.Request {
        WarmExchange.Request(
            method: "PUT", path: model.path + "/" + id, name: "PUT \(model.path)",
            body: Array(JSONValue.object(["input": .object(input)]).text.utf8), resends: Self.resends)
    }

    /// Asked once per instance.
    private func ports() async throws(Failure) -> CogPorts {
        if let known = exchange.lease.ports.cog { return known }
        let server = CogServer(address: InstanceAddress(of: exchange.lease.instance), client: exchange.client)
        do {
            let ports = try await server.describe()
            exchange.lease.ports.cog = ports
            return ports
        } catch {
            throw Failure(.app, "model \(model.name): its server was asked for its ports, but failed: \(error)")
        }
    }

    /// Carries the prediction out. Where the calling task is cancelled, the prediction is cancelled first and its end waited
    /// for, so that the instance stays as it is.
    private func cancelling(_ put: WarmExchange.Request) async throws(ExchangeFailure) -> JSONValue {
        let work = Task(executorPreference: BlockingThreads.shared) { () -> Result<JSONValue, ExchangeFailure> in
            do throws(ExchangeFailure) { return .success(try await finished(put)) } catch { return .failure(error) }
        }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            Task(executorPreference: BlockingThreads.shared) { await cancel(put, work) }
        }
        if Task.isCancelled {
            if case .failure(let failure) = result, failure.discardsInstance || failure.failure.cause == .cancelled {
                throw failure
            }
            // It has ended: whatever it came to, the instance is ready for the next.
            throw .sound(.cancelled)
        }
        return try result.get()
    }

    private func cancel(_ put: WarmExchange.Request, _ work: Task<Result<JSONValue, ExchangeFailure>, Never>) async {
        var request = InstanceAddress(of: exchange.lease.instance).request("POST", put.path + "/cancel")
        request.headers = [("Content-Type", "application/json")]
        request.body = []
        request.timeout = Self.cancelGrace
        let answer = try? await exchange.client.send(request)
        // It knows of no such prediction: it waits for its turn, or is just coming or going.
        if answer?.isSuccess == true { try? await Task.sleep(for: Self.cancelGrace.duration) }
        work.cancel()
    }

    /// Asks until the prediction has ended: a server that runs it already answers 202.
    private func finished(_ put: WarmExchange.Request) async throws(ExchangeFailure) -> JSONValue {
        var pause = Self.firstPause
        while true {
            let response = try await exchange.send(put) { status in status == 503 ? await hopeless() : nil }
            guard response.isSuccess else {
                let words = ServerWords.of(response)
                throw .sound(
                    Failure(.app, "model \(model.name) answered \(put.name) with status \(response.status): \(words)"))
            }
            let answer = try exchange.value(in: response, to: put)
            guard Self.isRunning(answer) else { return answer }
            do { try await Task.sleep(for: pause.duration) } catch { throw .broken(.cancelled) }
            pause = min(TimeSpan(milliseconds: pause.milliseconds * 2), Self.longestPause)
        }
    }

    private static func isRunning(_ answer: JSONValue) -> Bool {
        answer["status"] == "starting" || answer["status"] == "processing"
    }

    /// A server whose model is broken for good answers 503 as one that is busy does.
    private func hopeless() async -> Failure? {
        let probe = InstanceProbe(of: exchange.lease.instance, model: model, client: exchange.client)
        guard case .never(let failure) = await probe.look() else { return nil }
        return failure
    }

    private func output(of answer: JSONValue) throws(Failure) -> JSONValue {
        switch answer["status"]?.stringValue {
        case "succeeded": return answer["output"] ?? .null
        case "failed":
            let words = answer["error"]?.stringValue ?? "it does not say why"
            throw Failure(.app, "model \(model.name) failed: \(shown(words))")
        case "canceled":
            throw Failure(.app, "model \(model.name): the prediction was cancelled, and not by this attempt")
        default:
            throw Failure(
                .app,
                "model \(model.name) answered no prediction that succeeded, failed or was cancelled: "
                    + Quotation.beginning(of: Array(answer.text.utf8)))
        }
    }

    private func shown(_ words: String) -> String {
        Quotation.printable(Array(words.utf8.prefix(2000)), keepingLines: true)
    }
}
