import ImflowJSON

/// A schema as YAML to be pasted into a manifest: a line a keyword, and a line each of its `properties`.
enum SchemaYAML {
    /// - Parameter key: of the manifest, such as `input_schema`.
    static func text(_ key: String, _ schema: JSONValue) -> String {
        guard let members = schema.objectValue, !members.isEmpty else { return "\(key): \(flow(schema))" }
        var lines = ["\(key):"]
        for (name, value) in ordered(members) {
            guard name == "properties" || name == "definitions", let inner = value.objectValue, !inner.isEmpty else {
                lines.append("  \(scalar(name)): \(flow(value))")
                continue
            }
            lines.append("  \(name):")
            lines += inner.map { "    \(scalar($0.key)): \(flow($0.value))" }
        }
        return lines.joined(separator: "\n")
    }

    /// What people write first, first; many servers sort by the alphabet.
    private static func ordered(_ members: JSONObject) -> [(key: String, value: JSONValue)] {
        let first = ["type", "format", "required"].compactMap { key in members[key].map { (key: key, value: $0) } }
        let last = ["default", "description"].compactMap { key in members[key].map { (key: key, value: $0) } }
        let placed = Set((first + last).map(\.key))
        return first + members.filter { !placed.contains($0.key) }.map { (key: $0.key, value: $0.value) } + last
    }

    /// On one line.
    private static func flow(_ value: JSONValue) -> String {
        switch value {
        case .array(let items): "[" + items.map(flow).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + ordered(members).map { "\(scalar($0.key)): \(flow($0.value))" }.joined(separator: ", ") + "}"
        case .string(let text): scalar(text)
        default: value.text
        }
    }

    /// Plain where nobody can take it for something else, also by YAML 1.1; else in double quotes.
    private static func scalar(_ text: String) -> String {
        let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let letters = text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x5F || byte == 0x2D
        }
        if let first = text.utf8.first, letters, (0x61...0x7A).contains(first | 0x20), text.utf8.last != 0x2D,
            !words.contains(text.lowercased())
        {
            return text
        }
        return quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: out += "\\\""
            case 0x5C: out += "\\\\"
            case 0x0A: out += "\\n"
            case 0x09: out += "\\t"
            // Neither printed by a terminal as they are, nor by YAML.
            case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE, 0xFFFF:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
