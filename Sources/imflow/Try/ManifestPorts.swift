import ImflowJSON
import ImflowPlan

/// What a model takes and gives, by its manifest.
struct ManifestPorts {
    let model: ModelPlan

    init(_ model: ModelPlan) { self.model = model }

    func shown(_ format: OutputFormat) -> String { format == .json ? json.prettyText : text }

    private var json: JSONValue {
        [
            "schema": "imflow.ports/v1", "model": .string(model.name), "version": model.version.map(JSONValue.string) ?? .null,
            "protocol": .string(model.callProtocol.rawValue), "source": "manifest",
            "input_schema": model.inputSchema ?? .null, "output_schema": model.outputSchema ?? .null,
        ]
    }

    private var text: String {
        var lines = ["model    \(model.name)\(model.version.map { " " + $0 } ?? "") (\(model.callProtocol.rawValue)), by its manifest"]
        for (title, schema) in [("takes", model.inputSchema), ("gives", model.outputSchema)] {
            guard let schema else {
                lines.append("\(title)    anything: the manifest has no schema for it")
                continue
            }
            lines += ["\(title)"] + members(of: schema)
        }
        return lines.joined(separator: "\n")
    }

    /// A line a member; a schema without members as it is.
    private func members(of schema: JSONValue) -> [String] {
        guard let properties = schema["properties"]?.objectValue, !properties.isEmpty else { return ["  " + schema.text] }
        let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        return properties.map { name, member in
            let isRequired = required.contains(name) ? "" : " (may be left out)"
            let about = member["description"]?.stringValue.map { ": " + $0 } ?? ""
            return "  \(name)  \(kind(of: member))\(isRequired)\(about)"
        }
    }

    /// The schema's type and what it says beside it, on one line.
    private func kind(of schema: JSONValue) -> String {
        guard let members = schema.objectValue else { return "anything" }
        let type = members["type"].map { $0.stringValue ?? $0.text } ?? "anything"
        let rest = members.filter { $0.key != "type" && $0.key != "description" }
        return rest.isEmpty ? type : "\(type) \(JSONValue.object(rest).text)"
    }
}
