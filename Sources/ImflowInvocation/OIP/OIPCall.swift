import ImflowExecution
import ImflowJSON
import ImflowPlan

/// The protocol `oip`: the Open Inference Protocol v2 over HTTP (github.com/kserve/open-inference-protocol), with
/// Triton's extension for binary tensor data where the server offers it.
struct OIPCall: WarmCall {
    let exchange: WarmExchange

    private var model: ModelPlan { exchange.model }

    func result(of request: WarmRequest) async throws(ExchangeFailure) -> JSONValue {
        let files = RequestFiles(of: request)
        let server: OIPModel
        // A server that does not describe itself is not asked again.
        do throws(Failure) { server = try await ports() } catch {
            throw Task.isCancelled ? ExchangeFailure.sound(.cancelled) : .broken(error)
        }
        let inference: OIPRequest
        do throws(Failure) {
            inference = try OIPRequest(
                request.input.objectValue ?? [:], id: request.id, to: server, model: model.name, files: files)
        } catch { throw .sound(error) }
        var post = WarmExchange.Request(
            method: "POST", path: model.path + "/infer", name: "POST \(model.path)/infer", body: inference.body)
        if let length = inference.headerLength {
            post.headers = [
                ("Content-Type", "application/octet-stream"), (OIPReply.lengthHeader, String(length)),
            ]
        }
        let response = try await exchange.send(post)
        guard response.isSuccess else {
            let words = ServerWords.of(response)
            throw .sound(
                Failure(.app, "model \(model.name) answered \(post.name) with status \(response.status): \(words)"))
        }
        var reply = OIPReply(model: model.name, server: server, wasBatched: inference.wasBatched, files: files)
        do throws(Failure) { return try reply.value(in: response) } catch { throw .sound(error) }
    }

    /// Asked once per instance.
    private func ports() async throws(Failure) -> OIPModel {
        if let known = exchange.lease.ports.tensors { return known }
        let address = InstanceAddress(of: exchange.lease.instance)
        let server = try await OIPServer(address: address, model: model, client: exchange.client).describe()
        exchange.lease.ports.tensors = server
        return server
    }
}
