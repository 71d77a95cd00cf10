import ImflowExecution
import ImflowHTTP
import ImflowJSON

/// Reads an answer to `POST …/infer`: an object of the outputs' names and their values.
struct OIPReply {
    static let lengthHeader = "Inference-Header-Content-Length"

    let model: String
    let server: OIPModel
    /// Batches of one item are answered as the item.
    let wasBatched: Bool
    let files: RequestFiles
    private var written = 0

    init(model: String, server: OIPModel, wasBatched: Bool, files: RequestFiles) {
        self.model = model
        self.server = server
        self.wasBatched = wasBatched
        self.files = files
    }

    /// Throws ``Failure`` with cause `app` that says what is broken.
    mutating func value(in response: HTTPResponse) throws(Failure) -> JSONValue {
        let (json, binary) = try parts(of: response)
        guard let outputs = json["outputs"]?.arrayValue else {
            throw broken("its answer has no list `outputs`: \(Quotation.beginning(of: Array(json.text.utf8)))")
        }
        var rest = binary
        var result: JSONObject = [:]
        for output in outputs {
            guard let name = output["name"]?.stringValue else { throw broken("an output has no name") }
            guard result[name] == nil else { throw broken("it answered the output `\(name)` twice") }
            do throws(TensorProblem) {
                result[name] = try value(of: output, named: name, &rest)
            } catch { throw broken("its output `\(name)` \(error.sentence)") }
        }
        guard rest.isEmpty else { throw broken("\(rest.count) bytes are left behind its outputs") }
        return .object(result)
    }

    /// The JSON, and the bytes behind it.
    private func parts(of response: HTTPResponse) throws(Failure) -> (JSONValue, ArraySlice<UInt8>) {
        var json = response.body
        var binary: ArraySlice<UInt8> = []
        if let text = response.header(Self.lengthHeader) {
            guard let length = Int(text), (0...response.body.count).contains(length) else {
                throw broken("the header \(Self.lengthHeader) says \(text), of \(response.body.count) bytes")
            }
            json = Array(response.body[..<length])
            binary = response.body[length...]
        }
        if let value = try? JSONValue.parse(json) { return (value, binary) }
        // Servers write NaN and Infinity as they are, which no JSON is.
        let mended = BareNumbers.quoted(json)
        let origin = "in its answer with status \(response.status)"
        do throws(Failure) {
            return (try ModelReply.parse(mended, model: model, origin: origin), binary)
        } catch { return (try ModelReply.parse(json, model: model, origin: origin), binary) }
    }

    private mutating func value(
        of output: JSONValue, named name: String, _ rest: inout ArraySlice<UInt8>
    ) throws(TensorProblem) -> JSONValue {
        let datatype = output["datatype"]?.stringValue ?? ""
        guard let type = TensorType(rawValue: datatype) else {
            throw TensorProblem("has the datatype “\(datatype.prefix(40))”, which imflow does not know")
        }
        let sizes = output["shape"]?.arrayValue?.map { $0.intValue ?? $0.stringValue.flatMap { Int($0) } ?? -1 }
        guard var shape = sizes, let count = Tensor.count(of: shape) else {
            throw TensorProblem(
                "has no shape of at most \(Tensor.elementLimit) elements: \((output["shape"] ?? .null).text.prefix(200))")
        }
        var elements = try elements(of: output, type, named: name, &rest)
        guard elements.count == count else {
            throw TensorProblem("has \(elements.count) elements, and its shape \(shape) holds \(count)")
        }
        for index in elements.indices { elements[index] = try checked(elements[index], type) }
        if wasBatched, shape.first == 1, takesBatch(name) { shape.removeFirst() }
        return Tensor(shape: shape, elements: elements).value
    }

    /// Where the server does not describe the output, its first dimension is taken for the batch.
    private func takesBatch(_ name: String) -> Bool {
        guard let port = server.outputs.first(where: { $0.name == name }) else { return true }
        return port.shape.first == -1 || port.shape.first == 1
    }

    private mutating func elements(
        of output: JSONValue, _ type: TensorType, named name: String, _ rest: inout ArraySlice<UInt8>
    ) throws(TensorProblem) -> [JSONValue] {
        guard let size = output["parameters"]?["binary_data_size"] else {
            let data = output["data"] ?? []
            let elements = data.arrayValue == nil ? [data] : try Tensor(data).elements
            return type == .bytes ? try told(elements, output, named: name) : elements
        }
        guard let size = size.intValue, (0...rest.count).contains(size) else {
            throw TensorProblem("says that it has \(size.text) bytes, and \(rest.count) came")
        }
        let bytes = rest.prefix(size)
        rest = rest.dropFirst(size)
        if type == .bytes {
            guard let strings = TensorBytes.strings(of: bytes) else {
                throw TensorProblem("is not whole: the length of a string leads beyond its bytes")
            }
            var values: [JSONValue] = []
            for string in strings { values.append(try text(of: Array(string), named: name)) }
            return values
        }
        guard let elements = TensorBytes.elements(of: bytes, as: type) else {
            throw TensorProblem("has \(size) bytes, which are no whole number of \(type.rawValue)")
        }
        return elements
    }

    /// BYTES in JSON: strings, or base64 where the output says so.
    private mutating func told(
        _ elements: [JSONValue], _ output: JSONValue, named name: String
    ) throws(TensorProblem) -> [JSONValue] {
        guard output["parameters"]?["content_type"]?.stringValue == "base64", server.takesBase64 else { return elements }
        var values: [JSONValue] = []
        for element in elements {
            guard let text = element.stringValue, let bytes = Base64.bytes(of: text[...].utf8) else {
                throw TensorProblem("is to be base64, and is not: \(element.text.prefix(100))")
            }
            values.append(try self.text(of: bytes, named: name))
        }
        return values
    }

    /// Bytes that are no text become a file of the result.
    private mutating func text(of bytes: [UInt8], named name: String) throws(TensorProblem) -> JSONValue {
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        guard written < RequestFiles.writtenLimit else {
            throw TensorProblem("has more than \(RequestFiles.writtenLimit) elements that are no text")
        }
        written += 1
        do throws(Failure) {
            return .string(try files.write(bytes, named: "output-\(written).bin"))
        } catch { throw TensorProblem("cannot be kept: \(error.message)") }
    }

    /// The element as its datatype has it. Some servers write numbers that JSON does not have as null, integers as `3.0`, and
    /// truth as 0 and 1.
    private func checked(_ element: JSONValue, _ type: TensorType) throws(TensorProblem) -> JSONValue {
        switch (element, type) {
        case (.null, _), (.bool, .bool), (.string, .bytes): return element
        case (.int(let value), .bool) where value == 0 || value == 1: return .bool(value == 1)
        case (.int(let value), _) where type.integers?.contains(value) ?? (type.largest != nil): return element
        case (.number(let value), _) where type.integers != nil:
            if let exact = Int64(exactly: value), type.integers?.contains(exact) == true { return .int(exact) }
            // One beyond 2^63 that a double holds stays what it is.
            if type == .uint64, value.rounded() == value, value >= 0x1p63, value < 0x1p64 { return element }
        case (.number, _) where type.largest != nil: return element
        case (.string(let text), _) where type.largest != nil && NonFinite.value(text) != nil: return element
        default: break
        }
        let shown = element.arrayValue == nil && element.objectValue == nil ? String(element.text.prefix(40)) : element.kindName
        throw TensorProblem("has \(shown) among its \(type.rawValue)")
    }

    private func broken(_ sentence: String) -> Failure { Failure(.app, "model \(model): \(sentence)") }
}
