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
        let names = (schema?["properties"]?.objectValue ?? [:]).keys
        self.init(names: Array(names), isClosed: !names.isEmpty && schema?["additionalProperties"] == .bool(false))
    }

    /// This and `other` together.
    package func union(_ other: Publication) -> Publication {
        let own = Set(names)
        return Publication(
            names: names + other.names.filter { !own.contains($0) }, isClosed: isClosed && other.isClosed)
    }
}
