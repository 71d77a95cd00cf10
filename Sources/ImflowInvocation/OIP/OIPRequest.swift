import ImflowExecution
import ImflowJSON

/// The body of `POST …/infer` for one request's input.
struct OIPRequest {
    static let parameters = "parameters"

    /// The JSON, and behind it the tensors' bytes where the server takes them.
    private(set) var body: [UInt8]
    /// Nil: nothing follows it.
    private(set) var headerLength: Int?
    /// The members were one item each, and the ports take batches: so one item is answered.
    private(set) var wasBatched: Bool

    /// - Parameter model: its name, for messages. Throws ``Failure`` with cause `app` that names the member.
    init(
        _ input: JSONObject, id: String, to server: OIPModel, model: String, files: RequestFiles
    ) throws(Failure) {
        var parameters = try Self.parameters(of: input, to: server, model)
        let (tensors, asBytes) = try Self.tensors(of: input, to: server, model, files)
        guard !tensors.isEmpty else {
            let ports = server.inputs.isEmpty ? "" : ": it takes \(OIPModel.list(server.inputs))"
            throw Failure(.app, "model \(model) was to be given no tensor\(ports)")
        }
        wasBatched = tensors.contains { $0.wasBatched } && !tensors.contains { $0.isBatch }
        if asBytes { parameters["binary_data_output"] = true }
        var json: JSONObject = ["id": .string(id), "inputs": .array(tensors.map(\.json))]
        if !parameters.isEmpty { json["parameters"] = .object(parameters) }
        body = Array(JSONValue.object(json).text.utf8)
        if asBytes {
            headerLength = body.count
            for tensor in tensors { body += tensor.bytes }
        }
        guard body.count <= Launch.outputLimit else {
            throw Failure(.app, "model \(model): the request has \(body.count) bytes; \(Launch.outputLimit) are the most")
        }
    }

    /// The member `parameters`, unless a port has that name.
    private static func parameters(
        of input: JSONObject, to server: OIPModel, _ model: String
    ) throws(Failure) -> JSONObject {
        guard let value = input[parameters], !server.inputs.contains(where: { $0.name == parameters }) else { return [:] }
        guard case .object(let members) = value else {
            throw Failure(.app, "model \(model): `parameters` is \(value.kindName), and must be an object")
        }
        return members
    }

    /// The tensors, and whether their data goes behind the JSON.
    private static func tensors(
        of input: JSONObject, to server: OIPModel, _ model: String, _ files: RequestFiles
    ) throws(Failure) -> ([TensorInput], asBytes: Bool) {
        switch server.binary {
        case .always: return (try tensors(of: input, to: server, model, files, asBytes: true), true)
        case .never: return (try tensors(of: input, to: server, model, files, asBytes: false), false)
        case .whereNeeded:
            // Its JSON has no FP16 at all.
            let ports = server.inputs.filter { input[$0.name] != nil } + server.outputs
            if !ports.contains(where: { $0.type == .fp16 }),
                let plain = try? tensors(of: input, to: server, model, files, asBytes: false)
            {
                return (plain, false)
            }
            return (try tensors(of: input, to: server, model, files, asBytes: true), true)
        }
    }

    private static func tensors(
        of input: JSONObject, to server: OIPModel, _ model: String, _ files: RequestFiles, asBytes: Bool
    ) throws(Failure) -> [TensorInput] {
        var tensors: [TensorInput] = []
        for (name, value) in input {
            let port = server.inputs.first { $0.name == name }
            if port == nil, name == parameters { continue }
            guard port != nil || server.inputs.isEmpty else {
                throw Failure(
                    .app,
                    "model \(model) has no input `\(name)`: it takes \(OIPModel.list(server.inputs)); "
                        + "`input_key` hands over one member alone")
            }
            do throws(TensorProblem) {
                tensors.append(
                    try TensorInput(value, name: name, port: port, server: server, asBytes: asBytes) {
                        (text) throws(TensorProblem) in try file(text, files, name)
                    })
            } catch { throw Failure(.app, "model \(model): its input `\(name)` \(error.sentence)") }
        }
        return tensors
    }

    /// The bytes of the file that the text names; nil: it names none that was staged.
    private static func file(
        _ text: String, _ files: RequestFiles, _ name: String
    ) throws(TensorProblem) -> [UInt8]? {
        guard let path = files.staged(text) else { return nil }
        do throws(Failure) {
            return try files.bytes(of: path, limit: Launch.outputLimit, name: "its file")
        } catch { throw TensorProblem("cannot be sent: \(error.message)") }
    }
}
