import ImflowExecution
import ImflowHTTP
package import ImflowJSON
import ImflowPlan

/// What a running model takes and answers, as its server tells: by the metadata of the Open Inference Protocol, or by
/// Cog's `/openapi.json`.
package struct ModelPorts: Sendable {
    /// JSON Schemas (draft-07) of `input` and of the result; nil: the server does not say.
    package let input: JSONValue?
    package let output: JSONValue?
    /// What the server was asked, such as `GET /v2/models/m`.
    package let question: String
    /// Why the server says nothing, or less than it should; nil: it says all.
    package let remark: String?
    /// What stands for the same as a member's schema, by the member's name: one item for a batch of one.
    let inputForms: [String: [JSONValue]]
    let outputForms: [String: [JSONValue]]
    /// Members of an input that are no port's, and are taken all the same.
    let besides: Set<String>

    /// Asks the server of a model.
    /// - Parameter address: of a ready instance.
    /// - Returns: nil for the other protocols, which have no words for ports. Throws ``Failure`` with cause `app` when the
    ///   server does not answer, or does not know the model.
    static func read(
        of model: ModelPlan, at address: InstanceAddress, client: HTTPClient
    ) async throws(Failure) -> ModelPorts? {
        switch model.callProtocol {
        case .rest, .exec, .jsonl: return nil
        case .oip: return ModelPorts(try await OIPServer(address: address, model: model, client: client).describe(), of: model)
        case .cog:
            do {
                return ModelPorts(try await CogServer(address: address, client: client).describe())
            } catch { throw Failure(.app, "model \(model.name): its server was asked for its ports, but failed: \(error)") }
        }
    }

    init(_ cog: CogPorts) {
        (input, output) = (cog.input, cog.output)
        (inputForms, outputForms, besides) = ([:], [:], [])
        question = "GET \(CogServer.page)"
        remark = cog.remark
    }

    init(_ server: OIPModel, of model: ModelPlan) {
        input = Self.object(server.inputs).map {
            ["type": "object", "properties": .object($0), "additionalProperties": false]
        }
        output = Self.object(server.outputs).map { ["type": "object", "properties": .object($0)] }
        inputForms = Self.forms(server.inputs)
        outputForms = Self.forms(server.outputs)
        besides = [OIPRequest.parameters]
        question = "GET \(model.path)"
        let nameless = [("inputs", server.inputs), ("outputs", server.outputs)].filter(\.1.isEmpty).map(\.0)
        remark = nameless.isEmpty ? nil : "it lists no \(nameless.joined(separator: " and no "))"
    }

    private static func object(_ ports: [OIPModel.Port]) -> JSONObject? {
        guard !ports.isEmpty else { return nil }
        var properties: JSONObject = [:]
        for port in ports { properties[port.name] = schema(of: port, shape: port.shape, title: port.text) }
        return properties
    }

    /// One item of a batch; and of ports that take one value, the value.
    private static func forms(_ ports: [OIPModel.Port]) -> [String: [JSONValue]] {
        var forms: [String: [JSONValue]] = [:]
        for port in ports where TensorInput.isBatchable(port.shape) {
            var shapes = [Array(port.shape.dropFirst())]
            if port.shape.count > 1, port.shape.allSatisfy({ $0 == 1 || $0 < 0 }) { shapes.append([]) }
            forms[port.name] = shapes.map { schema(of: port, shape: $0) }
        }
        return forms
    }

    /// Nested lists as deep as the shape; -1 is any length.
    private static func schema(of port: OIPModel.Port, shape: [Int], title: String? = nil) -> JSONValue {
        var schema = port.type?.schema ?? [:]
        for size in shape.prefix(Tensor.rankLimit).reversed() {
            var list: JSONObject = ["type": "array", "items": .object(schema)]
            if size >= 0 {
                list["minItems"] = .int(Int64(size))
                list["maxItems"] = .int(Int64(size))
            }
            schema = list
        }
        if let title { schema["title"] = .string(title) }
        return .object(schema)
    }
}
