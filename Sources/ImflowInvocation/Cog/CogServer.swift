import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan

/// Asks a Cog server what it takes.
struct CogServer: Sendable {
    private static let patience = TimeSpan(seconds: 30)
    private static let answerLimit = 4 << 20

    let baseURL: String
    let client: HTTPClient

    static let page = "/openapi.json"

    /// A server without a schema, as one that `cog build` did not make, takes anything. Throws when it does not answer.
    func describe() async throws(HTTPError) -> CogPorts {
        let response = try await client.send(
            HTTPRequest(
                "GET", RestEndpoint.url(of: Self.page, on: baseURL), timeout: Self.patience,
                maximumBodyBytes: Self.answerLimit))
        guard response.status == 200 else { return CogPorts(.null, remark: "it answers with status \(response.status)") }
        guard let document = try? JSONValue.parse(response.body) else {
            return CogPorts(.null, remark: "what it answers is no JSON: \(Quotation.beginning(of: response.body))")
        }
        return CogPorts(document)
    }
}
