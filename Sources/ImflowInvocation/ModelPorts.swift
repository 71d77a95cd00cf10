package import ImflowExecution
package import ImflowHTTP
package import ImflowJSON
package import ImflowPlan

/// What a running model takes and answers, as its server tells: by the metadata of the Open Inference Protocol, or by
/// Cog's `/openapi.json`.
package struct ModelPorts: Sendable {
    /// JSON Schemas (draft-07) of `input` and of the result; nil: the server does not say.
    package let input: JSONValue?
    package let output: JSONValue?

    /// Asks the server of a model.
    /// - Parameters:
    ///   - baseURL: of a ready instance, ``ModelInstance/baseURL``.
    ///   - socket: of the same, ``ModelInstance/socket``.
    /// - Returns: nil for the other protocols, which have no words for ports. Throws ``Failure`` with cause `app` when the
    ///   server does not answer, or does not know the model.
    package static func read(
        of model: ModelPlan, at baseURL: String, over socket: String? = nil, client: HTTPClient
    ) async throws(Failure) -> ModelPorts? {
        let address = InstanceAddress(baseURL: baseURL, socket: socket)
        switch model.callProtocol {
        case .rest, .exec, .jsonl: return nil
        case .oip:
            let server = try await OIPServer(address: address, model: model, client: client).describe()
            return ModelPorts(input: object(server.inputs, isClosed: true), output: object(server.outputs, isClosed: false))
        case .cog:
            do {
                let ports = try await CogServer(address: address, client: client).describe()
                return ModelPorts(input: ports.input, output: ports.output)
            } catch { throw Failure(.app, "model \(model.name): its server was asked for its ports, but failed: \(error)") }
        }
    }

    private static func object(_ ports: [OIPModel.Port], isClosed: Bool) -> JSONValue? {
        guard !ports.isEmpty else { return nil }
        var properties: JSONObject = [:]
        for port in ports { properties[port.name] = .object(schema(of: port)) }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if isClosed { schema["additionalProperties"] = false }
        return .object(schema)
    }

    /// Nested lists as deep as the shape; -1 is any length.
    private static func schema(of port: OIPModel.Port) -> JSONObject {
        var schema = port.type?.schema ?? [:]
        for size in port.shape.prefix(Tensor.rankLimit).reversed() {
            var list: JSONObject = ["type": "array", "items": .object(schema)]
            if size >= 0 {
                list["minItems"] = .int(Int64(size))
                list["maxItems"] = .int(Int64(size))
            }
            schema = list
        }
        schema["title"] = .string(port.text)
        return schema
    }
}
