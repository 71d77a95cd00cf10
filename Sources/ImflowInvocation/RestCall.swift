import ImflowExecution
import ImflowJSON
import ImflowPlan

/// The protocol `rest`: `POST path` on an instance that listens.
struct RestCall: WarmCall {
    let exchange: WarmExchange

    func result(of request: WarmRequest) async throws(ExchangeFailure) -> JSONValue {
        let path = exchange.model.path
        let post = WarmExchange.Request(method: "POST", path: path, name: "POST \(path)", body: request.bytes)
        return ModelReply.result(in: try exchange.value(in: try await exchange.send(post), to: post))
    }
}
