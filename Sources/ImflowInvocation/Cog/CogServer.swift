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

    static let page = "/openapi.json"

    /// A server without a schema, as one that `cog build` did not make, takes anything. Throws when it does not answer.
    func describe() async throws(HTTPError) -> CogPorts {
        var request = address.request("GET", Self.page)
        request.timeout = Self.patience
        request.maximumBodyBytes = Self.answerLimit
        let response = try await client.send(request)
        guard response.status == 200 else { return CogPorts(.null, remark: "it answers with status \(response.status)") }
        guard let document = try? JSONValue.parse(response.body) else {
            return CogPorts(.null, remark: "what it answers is no JSON: \(Quotation.beginning(of: response.body))")
        }
        return CogPorts(document)
    }
}
