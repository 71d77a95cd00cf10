/// Why a JSON value is no draft-07 schema, or none that can be checked here.
package struct SchemaProblem: Error, Equatable, CustomStringConvertible {
    /// Where in the schema: a JSON pointer (RFC 6901), empty for the whole.
    package var pointer: String
    /// What is wrong there and what to write instead: a sentence without its place.
    package var sentence: String
    /// Whether the name of the member at ``pointer`` is wrong, rather than its value.
    package var isName = false

    package init(_ pointer: String, _ sentence: String, isName: Bool = false) {
        self.pointer = pointer
        self.sentence = sentence
        self.isName = isName
    }

    package var description: String { pointer.isEmpty ? sentence : "at `\(pointer)`: \(sentence)" }
}

/// One way in which a value breaks its schema.
package struct SchemaViolation: Equatable, Sendable, CustomStringConvertible {
    /// Where in the value: a JSON pointer, empty for the whole.
    package var instancePointer: String
    /// The keyword that is broken: a JSON pointer into the schema. Those of the built-in metaschema begin with its URI.
    package var schemaPointer: String
    /// What the value there is, and what is wanted: it begins with “it”, without a full stop.
    package var sentence: String

    package init(instancePointer: String, schemaPointer: String, sentence: String) {
        self.instancePointer = instancePointer
        self.schemaPointer = schemaPointer
        self.sentence = sentence
    }

    package var description: String { "`\(instancePointer)`: \(sentence) (`\(schemaPointer)`)" }
}
