import ImflowHTTP
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// One look at an instance that listens, by its protocol: whether it takes requests.
struct InstanceProbe: Sendable {
    enum State: Sendable {
        case ready(isFull: Bool)
        /// What was seen, as “GET /health answered with status 500”; nil: nothing accepts connections.
        case notYet(String?)
        /// It will not become ready any more.
        case never(Failure)

        static var ready: State { .ready(isFull: false) }
    }

    let address: InstanceAddress
    let model: ModelPlan
    let client: HTTPClient

    /// More of what a setup wrote is not told.
    private static let logTail = 2000
    private static let patience = TimeSpan(seconds: 5)

    init(of instance: any ModelInstance, model: ModelPlan, client: HTTPClient) {
        address = InstanceAddress(of: instance)
        self.model = model
        self.client = client
    }

    /// Returns within a few seconds.
    func look() async -> State {
        switch model.callProtocol {
        case .oip: await lookAtTensorServer()
        case .cog: await lookAtCog()
        case .rest, .exec, .jsonl: await lookAtServer()
        }
    }

    /// A server that has no such page is ready when it accepts connections.
    private func lookAtServer() async -> State {
        await get(model.health) { $0.status == 200 || $0.status == 404 ? .ready : nil }
    }

    /// The server, and then the model: servers are ready before they have loaded what they serve.
    private func lookAtTensorServer() async -> State {
        let server = await get(model.health) { $0.status == 200 ? .ready : nil }
        guard case .ready = server else { return server }
        let path = model.path + "/ready"
        var refusal: HTTPResponse?
        let state = await get(path) { response in
            if response.status == 404 || response.status == 400 { refusal = response }
            return response.status == 200 ? .ready : nil
        }
        guard let refusal else { return state }
        let description = OIPServer(address: address, model: model, client: client)
        return await description.refusal(refusal, at: path).map { .never($0) } ?? state
    }

    /// Whether it says that it has as many requests as it takes; only `cog` has a word for that.
    func isFull() async -> Bool {
        guard model.callProtocol == .cog, case .ready(isFull: true) = await look() else { return false }
        return true
    }

    /// The page answers 200 whatever the state, which its `status` says.
    private func lookAtCog() async -> State {
        await get(model.health) { response in
            guard response.status == 200 else { return nil }
            let answer = try? JSONValue.parse(response.body)
            guard let status = answer?["status"]?.stringValue else { return .ready }
            switch status {
            case "READY": return .ready
            case "BUSY": return .ready(isFull: true)
            case "SETUP_FAILED", "DEFUNCT": return .never(hopeless(status, answer?["setup"]?["logs"]?.stringValue ?? ""))
            default: return .notYet("GET \(model.health) said \(Quotation.beginning(of: Array(status.utf8)))")
            }
        }
    }

    private func hopeless(_ status: String, _ logs: String) -> Failure {
        let tail = Quotation.printable(Array(logs.utf8.suffix(Self.logTail)), keepingLines: true)
        let why = logs.isEmpty ? "" : "; the end of what its setup wrote:\n" + tail
        return Failure(.app, "model \(model.name) says \(status) at \(model.health)\(why)")
    }

    /// - Parameter judge: nil: not ready, for the status that it answered with.
    private func get(_ path: String, judge: (HTTPResponse) -> State?) async -> State {
        var request = address.request("GET", path)
        request.timeout = Self.patience
        request.connectTimeout = TimeSpan(seconds: 2)
        request.maximumBodyBytes = 1 << 20
        do {
            let response = try await client.send(request)
            return judge(response) ?? .notYet("GET \(path) answered with status \(response.status)")
        } catch HTTPError.cannotConnect {
            return .notYet(nil)
        } catch HTTPError.connectionClosed where address.socket != nil {
            // What leads there takes every connection, and closes those that the far end does not take.
            return .notYet(nil)
        } catch {
            return .notYet("GET \(path) failed: \(error)")
        }
    }
}
