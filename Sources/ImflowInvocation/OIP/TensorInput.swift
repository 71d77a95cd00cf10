import ImflowJSON

/// One member of `input` on its way to a port: typed, checked, and written as JSON or as bytes.
struct TensorInput {
    let name: String
    let type: TensorType
    /// As it is sent.
    let shape: [Int]
    /// The port wants a batch, and the member was one item.
    let wasBatched: Bool
    /// The port takes a batch, and the member was one.
    let isBatch: Bool
    /// Nil: ``bytes`` are the data.
    private(set) var data: [JSONValue]?
    private(set) var bytes: [UInt8] = []
    private var isBase64 = false

    /// - Parameters:
    ///   - port: nil: the server does not describe its ports, and the datatype follows the values.
    ///   - asBytes: data goes behind the JSON.
    ///   - file: the bytes of a string that names a file of the request; nil: it names none.
    init(
        _ value: JSONValue, name: String, port: OIPModel.Port?, server: OIPModel, asBytes: Bool,
        file: (String) throws(TensorProblem) -> [UInt8]?
    ) throws(TensorProblem) {
        let tensor = try Tensor(value)
        self.name = name
        if let port {
            guard let known = port.type else {
                throw TensorProblem("has the datatype \(port.datatype), which imflow does not know")
            }
            type = known
            (shape, wasBatched) = try Self.fit(tensor.shape, port)
            isBatch = !wasBatched && Self.isBatchable(port.shape)
        } else {
            type = try Self.type(of: tensor.elements)
            shape = tensor.shape
            (wasBatched, isBatch) = (false, true)
        }
        do throws(ElementProblem) {
            if type == .bytes {
                try writeBytes(tensor.elements, server, asBytes, file)
            } else if asBytes {
                bytes = try TensorBytes.bytes(of: tensor.elements, as: type)
            } else {
                data = try TensorBytes.json(of: tensor.elements, as: type)
            }
        } catch {
            let place = Tensor.place(of: error.index, in: tensor.shape)
            throw TensorProblem("\(place.isEmpty ? "" : "at \(place) ")\(error.sentence)")
        }
    }

    /// `$request_input` of the specification.
    var json: JSONValue {
        var members: JSONObject = [
            "name": .string(name), "shape": .array(shape.map { .int(Int64($0)) }), "datatype": .string(type.rawValue),
        ]
        if isBase64 { members["parameters"] = ["content_type": "base64"] }
        if let data {
            members["data"] = .array(data)
        } else {
            members["parameters"] = ["binary_data_size": .int(Int64(bytes.count))]
        }
        return .object(members)
    }

    /// A port's first dimension is a batch where it may be 1.
    static func isBatchable(_ shape: [Int]) -> Bool { shape.first == -1 || shape.first == 1 }

    /// The shape as the port takes it; one item gets the dimension of a batch of one, and a scalar all that it needs.
    private static func fit(_ shape: [Int], _ port: OIPModel.Port) throws(TensorProblem) -> ([Int], Bool) {
        func fits(_ shape: [Int]) -> Bool {
            shape.count == port.shape.count && zip(shape, port.shape).allSatisfy { $1 < 0 || $0 == $1 }
        }
        if fits(shape) { return (shape, false) }
        let asBatch = shape.isEmpty ? port.shape.map { _ in 1 } : [1] + shape
        if isBatchable(port.shape), fits(asBatch) { return (asBatch, true) }
        throw TensorProblem(
            "has the shape [\(shape.map(String.init).joined(separator: ", "))], and its port takes \(port.text)")
    }

    private static func type(of elements: [JSONValue]) throws(TensorProblem) -> TensorType {
        var seen: TensorType?
        for element in elements {
            let type: TensorType
            switch element {
            case .bool: type = .bool
            case .int: type = seen == .fp64 ? .fp64 : .int64
            case .number: type = .fp64
            case .string: type = .bytes
            default: throw TensorProblem("holds \(element.kindName), which no tensor can")
            }
            guard seen == nil || seen == type || (seen == .int64 && type == .fp64) else {
                throw TensorProblem("mixes kinds of values, and the server does not say which datatype it takes")
            }
            seen = type
        }
        return seen ?? .fp64
    }

    private mutating func writeBytes(
        _ elements: [JSONValue], _ server: OIPModel, _ asBytes: Bool, _ file: (String) throws(TensorProblem) -> [UInt8]?
    ) throws(ElementProblem) {
        var strings: [[UInt8]] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element else {
                throw ElementProblem(index, "is \(element.kindName), and BYTES takes strings")
            }
            do throws(TensorProblem) {
                strings.append(try file(text) ?? Array(text.utf8))
            } catch { throw ElementProblem(index, error.sentence) }
        }
        if asBytes {
            bytes = TensorBytes.lengthPrefixed(strings)
            return
        }
        let foreign = strings.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        if let foreign, !server.takesBase64 {
            throw ElementProblem(
                foreign,
                "is a file that is no text, which only a server with the extension "
                    + "\(OIPModel.binaryExtension) can be sent")
        }
        isBase64 = foreign != nil
        data = strings.map { .string(isBase64 ? Base64.text(of: $0) : String(decoding: $0, as: UTF8.self)) }
    }
}
