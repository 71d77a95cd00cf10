package import ImflowExecution
package import ImflowJSON
package import ImflowPlan

/// What a manifest's schema says of a value.
package struct SchemaVerdict: Sendable, Equatable {
    package struct Violation: Sendable, Equatable {
        /// Where in the value: a JSON pointer (RFC 6901), empty for the whole.
        package var pointer: String
        /// The keyword that is broken: a JSON pointer into the schema.
        package var schemaPointer: String
        /// What is there and what is wanted: it begins with “it”.
        package var sentence: String

        package init(pointer: String, schemaPointer: String, sentence: String) {
            self.pointer = pointer
            self.schemaPointer = schemaPointer
            self.sentence = sentence
        }
    }

    /// Nil: the manifest has no such schema. Empty: the value fits.
    package var violations: [Violation]?

    package init(violations: [Violation]? = nil) { self.violations = violations }

    package var fits: Bool { violations?.isEmpty ?? true }

    /// What `input_schema` says of an input. Throws ``Failure`` with cause `app` when a schema of the model is not valid.
    package static func ofInput(_ value: JSONValue, of model: ModelPlan) throws(Failure) -> SchemaVerdict {
        try ModelSchemas(of: model).inputVerdict(value)
    }
}
