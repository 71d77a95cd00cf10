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

    let program: SchemaProgram

    /// Compiles the schema; everything in it is looked at, used or not.
    /// Throws ``SchemaProblem`` when it is no valid schema, or refers to another document, or has a pattern that
    /// cannot be matched in linear time.
    /// - Parameter documents: other documents that references may name, by their URI without a fragment. None is ever
    ///   fetched.
    package init(_ schema: JSONValue, documents: [String: JSONValue] = [:]) throws(SchemaProblem) {
        let compiler = SchemaCompiler.compile(schema, documents: documents)
        if let first = compiler.problems.first { throw first }
        program = compiler.program
    }

    init(program: SchemaProgram) { self.program = program }

    /// How `value` breaks the schema: nothing when it fits. At most ``maximumViolations``, in schema order. A check that
    /// would take more than ``maximumWork`` or ``maximumDepth`` ends with one violation that says so.
    package func validate(_ value: JSONValue) -> [SchemaViolation] {
        validate(value, workLimit: Self.maximumWork)
    }

    func validate(_ value: JSONValue, workLimit: Int) -> [SchemaViolation] {
        var evaluation = SchemaEvaluation(program: program, workLimit: workLimit)
        return evaluation.violations(of: value, at: 0)
    }

    /// How `value` surely breaks the subschema at `node` of the program: nothing when the check would take too much.
    func breaches(of value: JSONValue, node: Int, workLimit: Int) -> [SchemaViolation] {
        var evaluation = SchemaEvaluation(program: program, workLimit: workLimit)
        let found = evaluation.violations(of: value, at: node)
        return evaluation.gaveUp ? [] : found
    }
}
