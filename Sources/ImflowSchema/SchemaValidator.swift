package import ImflowJSON

/// Checks values by a JSON Schema, draft-07 (draft-handrews-json-schema-validation-01). `format` and the keywords on
/// content are annotations and assert nothing. References stay in the document, or name the draft-07 metaschema.
package struct SchemaValidator: Sendable {
    /// More violations of one value are not listed.
    package static let maximumViolations = 20
    /// How many schemas are followed into each other, per value: values and references deeper than this are refused.
    package static let maximumDepth = 400
    /// Steps of work (subschemas tried, items compared, characters matched) after which a check gives up.
    package static let maximumWork = 20_000_000

    private let program: SchemaProgram

    /// Compiles the schema; everything in it is looked at, used or not.
    /// Throws ``SchemaProblem`` when it is no valid schema, or refers to another document, or has a pattern that
    /// cannot be matched in linear time.
    package init(_ schema: JSONValue) throws(SchemaProblem) {
        program = try SchemaCompiler.program(of: schema)
    }

    /// How `value` breaks the schema: nothing when it fits. At most ``maximumViolations``, in schema order. A check that
    /// would take more than ``maximumWork`` or ``maximumDepth`` ends with one violation that says so.
    package func validate(_ value: JSONValue) -> [SchemaViolation] {
        validate(value, workLimit: Self.maximumWork)
    }

    func validate(_ value: JSONValue, workLimit: Int) -> [SchemaViolation] {
        var evaluation = SchemaEvaluation(program: program, workLimit: workLimit)
        return evaluation.violations(of: value)
    }
}
