import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan

/// Asks a server of the Open Inference Protocol what it and a model are.
struct OIPServer: Sendable {
    let address: InstanceAddress
    let model: ModelPlan
    let client: HTTPClient

    private static let patience = TimeSpan(seconds: 30)
    private static let answerLimit = 4 << 20
    /// More models are not listed.
    private static let listed = 20

    /// Throws ``Failure`` with cause `app` when the server does not know the model or does not describe it.
    func describe() async throws(Failure) -> OIPModel {
        let response: HTTPResponse
        do {
            response = try await ask("GET", model.path)
        } catch {
            throw Failure(.app, "model \(model.name): its server was asked for its ports, but GET \(model.path) failed: \(error)")
        }
        guard response.status == 200 else { throw await stranger(to: response, at: model.path) }
        let origin = "at GET \(model.path)"
        let metadata = try ModelReply.parse(response.body, model: model.name, origin: origin)
        return OIPModel(metadata: metadata, server: await answer("GET", "/v2") ?? .null)
    }

    /// The server answered that it has no such model: whether that is so for good, because it lists others; nil: it may be
    /// loading it.
    func refusal(_ response: HTTPResponse, at path: String) async -> Failure? {
        let parts = model.path.split(separator: "/")
        let name = parts.firstIndex(of: "models").flatMap { $0 + 1 < parts.count ? String(parts[$0 + 1]) : nil }
        let names = await self.names()
        guard let name, !names.isEmpty, !names.contains(name) else { return nil }
        return await stranger(to: response, at: path)
    }

    private func stranger(to response: HTTPResponse, at path: String) async -> Failure {
        let names = await self.names()
        let words = ServerWords.of(response)
        var text = "model \(model.name): its server answered GET \(path) with status \(response.status): \(words); "
        if !names.isEmpty {
            let shown = names.prefix(Self.listed).joined(separator: ", ").utf8.prefix(1000)
            text += "it has \(Quotation.printable(Array(shown), keepingLines: false)): "
        }
        return Failure(.app, text + "say in the manifest what it is called there, `path: /v2/models/NAME`")
    }

    /// The models that the server has, where it tells.
    private func names() async -> [String] {
        // Triton and MLServer list by POST; the specification's extension for KServe by GET, and KServe by its own page.
        for (method, path) in [("POST", "/v2/repository/index"), ("GET", "/v2/repository/index"), ("GET", "/v2/models")] {
            guard let list = await answer(method, path) else { continue }
            let names = (list.arrayValue ?? list["models"]?.arrayValue ?? []).compactMap { entry in
                entry["name"]?.stringValue ?? entry.stringValue
            }
            if !names.isEmpty { return names }
        }
        return []
    }

    /// Nil: no JSON with a status that says that all is well.
    private func answer(_ method: String, _ path: String) async -> JSONValue? {
        guard let response = try? await ask(method, path), response.status == 200 else { return nil }
        return try? JSONValue.parse(response.body)
    }

    private func ask(_ method: String, _ path: String) async throws(HTTPError) -> HTTPResponse {
        var request = address.request(method, path)
        request.timeout = Self.patience
        request.maximumBodyBytes = Self.answerLimit
        if method == "POST" {
            request.headers = [("Content-Type", "application/json")]
            request.body = Array("{}".utf8)
        }
        return try await client.send(request)
    }
}
