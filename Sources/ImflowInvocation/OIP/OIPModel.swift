import ImflowJSON

/// What a server of the Open Inference Protocol says of itself and one model.
struct OIPModel: Sendable {
    struct Port: Sendable {
        var name: String
        /// As the server writes it; one of ``TensorType``, or another.
        var datatype: String
        /// -1: any size.
        var shape: [Int]

        var type: TensorType? { TensorType(rawValue: datatype) }

        /// As messages show it: `FP32 [-1, 3]`.
        var text: String { "\(datatype) [\(shape.map(String.init).joined(separator: ", "))]" }
    }

    static let binaryExtension = "binary_tensor_data"

    /// Empty: the server does not say.
    var inputs: [Port]
    var outputs: [Port]
    /// When tensors go and come as bytes behind the JSON (Triton's extension).
    enum BinaryUse: Sendable {
        case never
        /// For what JSON cannot carry: models of such a server may look for their data in the JSON.
        case whereNeeded
        case always
    }

    var binary: BinaryUse
    /// Whether BYTES that are no text can be told as base64 by the content type that MLServer has for it.
    var takesBase64: Bool

    /// - Parameters:
    ///   - metadata: of `GET /v2/models/m`.
    ///   - server: of `GET /v2`; null: it says nothing.
    init(metadata: JSONValue, server: JSONValue) {
        inputs = Self.ports(metadata["inputs"])
        outputs = Self.ports(metadata["outputs"])
        let isListed = server["extensions"]?.arrayValue?.contains(.string(Self.binaryExtension)) ?? false
        binary = isListed ? .always : Self.isKServe(server) ? .whereNeeded : .never
        takesBase64 = server["name"]?.stringValue == "mlserver"
    }

    /// KServe's Python server takes the extension since 0.15, and does not list it.
    private static func isKServe(_ server: JSONValue) -> Bool {
        guard server["name"]?.stringValue == "kserve", let version = server["version"]?.stringValue else { return false }
        let numbers = version.split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        return numbers.count == 2 && (numbers[0] > 0 || numbers[1] >= 15)
    }

    private static func ports(_ list: JSONValue?) -> [Port] {
        (list?.arrayValue ?? []).compactMap { entry in
            guard let name = entry["name"]?.stringValue else { return nil }
            // Some servers write sizes as strings, as Protocol Buffers do.
            let shape = (entry["shape"]?.arrayValue ?? []).map { size in
                size.intValue ?? size.stringValue.flatMap { Int($0) } ?? -1
            }
            return Port(name: name, datatype: entry["datatype"]?.stringValue ?? "", shape: shape)
        }
    }

    /// As messages list them; bounded.
    static func list(_ ports: [Port]) -> String {
        let shown = ports.prefix(20).map { "`\($0.name)` (\($0.text))" }.joined(separator: ", ")
        return ports.count > 20 ? shown + " and \(ports.count - 20) more" : shown
    }
}
