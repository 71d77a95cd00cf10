import ImflowExecution
import ImflowJSON

/// Files of a prediction: Cog's servers take them as `data:` URIs and give them so, and read none of our paths.
struct CogFiles {
    /// Of all files of one request, before they become a third longer.
    static let limit = 32 << 20

    let model: String
    let files: RequestFiles
    private var read = 0
    private var written = 0

    init(model: String, files: RequestFiles) {
        self.model = model
        self.files = files
    }

    /// The input with each staged file of the ports that take files in its place.
    mutating func inlined(_ input: JSONObject, for ports: CogPorts) throws(Failure) -> JSONObject {
        var result = input
        for (name, value) in input where ports.takesFiles(name) { result[name] = try inlined(value, name) }
        return result
    }

    private mutating func inlined(_ value: JSONValue, _ name: String) throws(Failure) -> JSONValue {
        switch value {
        case .string(let text):
            guard let path = files.staged(text) else { return value }
            let what = "the file of `\(name)` for model \(model), with the others of its request,"
            let bytes = try files.bytes(of: path, limit: Self.limit - read, name: what)
            read += bytes.count
            return .string(DataURI.text(of: bytes, name: path))
        case .array(let items):
            var values: [JSONValue] = []
            for item in items { values.append(try inlined(item, name)) }
            return .array(values)
        default: return value
        }
    }

    /// The output with each `data:` URI written to a file of the result.
    mutating func kept(_ output: JSONValue) throws(Failure) -> JSONValue {
        switch output {
        case .string(let text):
            guard let file = DataURI.file(text) else { return output }
            guard written < RequestFiles.writtenLimit else {
                throw Failure(.app, "model \(model) answered more than \(RequestFiles.writtenLimit) files")
            }
            written += 1
            return .string(try files.write(file.bytes, named: "output-\(written).\(file.ending)"))
        case .array(let items):
            var values: [JSONValue] = []
            values.reserveCapacity(items.count)
            for item in items { values.append(try kept(item)) }
            return .array(values)
        case .object(let members):
            var values: JSONObject = [:]
            for (name, value) in members { values[name] = try kept(value) }
            return .object(values)
        default: return output
        }
    }
}
