package import ImflowJSON

/// The names that a stage, or a job's input, is known to hand on.
package struct Publication: Sendable, Equatable {
    /// Each once.
    package var names: [String]
    /// Whether there can be no others.
    package var isClosed: Bool

    package init(names: [String], isClosed: Bool) {
        self.names = names
        self.isClosed = isClosed
    }

    /// Nothing is known.
    package static let open = Publication(names: [], isClosed: false)

    /// What a JSON Schema says of an object's members.
    package init(schema: JSONValue?) {
        // Beside a reference nothing else is read.
        let isRead = schema?["$ref"] == nil
        let names = isRead ? (schema?["properties"]?.objectValue ?? [:]).keys : []
        let isClosed = schema?["additionalProperties"] == .bool(false) && schema?["patternProperties"] == nil
        self.init(names: Array(names), isClosed: isRead && !names.isEmpty && isClosed)
    }

    /// All of these together, the names in order.
    package init(all parts: some Sequence<Publication>) {
        var seen: Set<String> = []
        self.init(names: [], isClosed: true)
        for part in parts {
            isClosed = isClosed && part.isClosed
            for name in part.names where seen.insert(name).inserted { names.append(name) }
        }
    }
}
