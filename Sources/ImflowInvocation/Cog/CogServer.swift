import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan

/// Asks a Cog server what it takes.
struct CogServer: Sendable {
    private static let patience = TimeSpan(seconds: 30)
    private static let answerLimit = 4 << 20

    let address: InstanceAddress
    let client: HTTPClient

    /// A server without a schema, as one that `cog build` did not make, takes anything. Throws when it does not answer.
    func describe() async throws(HTTPError) -> CogPorts {
        var request = address.request("GET", "/openapi.json")
        request.timeout = Self.patience
        request.maximumBodyBytes = Self.answerLimit
        let response = try await client.send(request)
        let document = response.status == 200 ? try? JSONValue.parse(response.body) : nil
        return CogPorts(document ?? .null)
    }
}
