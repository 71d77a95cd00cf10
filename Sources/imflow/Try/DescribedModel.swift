import ImflowInvocation
import ImflowJSON
import ImflowPlan

/// What a model takes and gives: by its manifest and, where its server says so, by the server.
struct DescribedModel {
    let model: ModelPlan
    /// Nil: the model's protocol has no words for that, or the server did not say.
    private let ports: ModelPorts?
    private let comparison: PortComparison?

    init(_ model: ModelPlan, ports: ModelPorts?) {
        self.model = model
        self.ports = ports
        comparison = ports.map { PortComparison(of: model, with: $0) }
    }

    /// Whether calls that fit the manifest can succeed.
    var agrees: Bool { comparison?.agrees ?? true }

    func shown(_ format: OutputFormat) -> String { format == .json ? json.prettyText : text }

    /// `imflow.ports/v1`.
    private var json: JSONValue {
        [
            "schema": "imflow.ports/v1", "model": .string(model.name), "version": model.version.map(JSONValue.string) ?? .null,
            "protocol": .string(model.callProtocol.rawValue), "source": ports == nil ? "manifest" : "server",
            "input_schema": model.inputSchema ?? .null, "output_schema": model.outputSchema ?? .null,
            "server": serverJSON, "differences": .array((comparison?.differences ?? []).map(Self.json)),
            "suggestion": suggestion.map(JSONValue.string) ?? .null,
        ]
    }

    private var serverJSON: JSONValue {
        guard let ports else { return .null }
        return [
            "question": .string(ports.question), "remark": ports.remark.map(JSONValue.string) ?? .null,
            "input_schema": ports.input ?? .null, "output_schema": ports.output ?? .null,
        ]
    }

    private static func json(_ difference: PortComparison.Difference) -> JSONValue {
        [
            "side": .string(difference.side.rawValue), "member": difference.member.map(JSONValue.string) ?? .null,
            "kind": .string(difference.kind.rawValue), "message": .string(difference.sentence),
        ]
    }

    private var text: String {
        var lines = ["model    \(model.name)\(model.version.map { " " + $0 } ?? "") (\(model.callProtocol.rawValue)), by its manifest"]
        lines += Self.lines(model.inputSchema, model.outputSchema, by: .manifest, without: "the manifest has no schema for it")
        guard let ports, let comparison else { return lines.joined(separator: "\n") }
        lines += ["", "server   by its answer to \(ports.question)"]
        if let remark = ports.remark { lines.append("         \(remark)") }
        lines += Self.lines(
            ports.input, ports.output, by: model.callProtocol == .oip ? .tensorServer : .cog, without: "the server does not say")
        lines.append("")
        guard !comparison.differences.isEmpty else {
            switch (ports.input, ports.output) {
            case (nil, nil): lines.append("the server says nothing to hold the manifest against")
            case (nil, _), (_, nil): lines.append("the manifest says what the server says, as far as it does")
            default: lines.append("manifest and server say the same")
            }
            return lines.joined(separator: "\n")
        }
        lines.append("manifest and server differ")
        lines += comparison.differences.map(Self.line)
        if let suggestion {
            lines += ["", "to let the manifest say what the server says, put this in its place:", "", suggestion]
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ difference: PortComparison.Difference) -> String {
        let place = difference.member.map { " `\(printable($0))`" } ?? ""
        let mark = difference.kind == .conflict ? "conflict " : "         "
        return "\(mark)\(difference.side.rawValue)\(place): \(difference.sentence)"
    }

    /// YAML for the manifest; nil: nothing differs.
    private var suggestion: String? {
        let parts = [("input_schema", comparison?.input), ("output_schema", comparison?.output)].compactMap { name, schema in
            schema.map { SchemaYAML.text(name, $0) }
        }
        return parts.isEmpty ? nil : parts.joined(separator: "\n")
    }

    /// Whose words they are.
    private enum Speaker { case manifest, cog, tensorServer }

    private static func lines(
        _ input: JSONValue?, _ output: JSONValue?, by speaker: Speaker, without words: String
    ) -> [String] {
        [("takes", input), ("gives", output)].flatMap { title, schema in
            guard let schema else { return ["\(title)    anything: \(words)"] }
            return ["\(title)"] + members(of: schema, by: speaker)
        }
    }

    /// A line a member; a schema without members as it is.
    private static func members(of schema: JSONValue, by speaker: Speaker) -> [String] {
        guard let properties = schema["properties"]?.objectValue, !properties.isEmpty else {
            return [printable("  " + (speaker == .manifest ? schema.text : kind(of: schema, by: speaker)))]
        }
        let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        return properties.map { name, member in
            // Servers of tensors do not say which of their ports they can do without.
            let isRequired = speaker == .tensorServer || required.contains(name) ? "" : " (may be left out)"
            let about = member["description"]?.stringValue.map { ": " + $0 } ?? ""
            return printable("  \(name)  \(kind(of: member, by: speaker))\(isRequired)\(about)")
        }
    }

    /// The schema's type and what it says beside it, on one line; of a tensor, what the server calls it first.
    private static func kind(of schema: JSONValue, by speaker: Speaker) -> String {
        guard let members = schema.objectValue else { return "anything" }
        let type = members["type"].map { $0.stringValue ?? $0.text } ?? "anything"
        var rest = members.filter { $0.key != "type" && $0.key != "description" }
        // Cog names everything twice, and numbers it.
        if speaker != .manifest { rest = rest.filter { $0.key != "title" && !$0.key.hasPrefix("x-") } }
        let port = speaker == .tensorServer ? members["title"]?.stringValue.map { "\($0) as " } ?? "" : ""
        return port + (rest.isEmpty ? type : "\(type) \(JSONValue.object(rest).text)")
    }

    /// What a server says may hold anything.
    private static func printable(_ text: String) -> String { Quotation.printable(Array(text.utf8), keepingLines: false) }
}
