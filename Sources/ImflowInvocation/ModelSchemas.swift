import ImflowExecution
import ImflowJSON
import ImflowPlan
import ImflowSchema

/// What a model's manifest says of its input and its result, checked around each call.
struct ModelSchemas: Sendable {
    /// Longer places and sentences are cut in messages: names in them come from the model.
    private static let quoteLimit = 500

    private let model: String
    private let input: SchemaValidator?
    private let output: SchemaValidator?

    /// Throws ``Failure`` with cause `app` when a schema is not valid or cannot be checked.
    init(of model: ModelPlan) throws(Failure) {
        self.model = model.name
        input = try Self.validator(model.inputSchema, key: "input_schema", of: model)
        output = try Self.validator(model.outputSchema, key: "output_schema", of: model)
    }

    private static func validator(
        _ schema: JSONValue?, key: String, of model: ModelPlan
    ) throws(Failure) -> SchemaValidator? {
        guard let schema else { return nil }
        do throws(SchemaProblem) { return try SchemaValidator(schema) } catch {
            throw Failure(.app, "model \(model.name): its \(key) cannot be used: \(error)")
        }
    }

    /// Throws ``Failure`` with cause `app` when the model must not be asked this.
    func checkInput(_ value: JSONValue) throws(Failure) {
        guard let violations = input?.validate(value), let first = violations.first else { return }
        throw failure("was to be given", first, key: "input_schema", others: violations.count - 1)
    }

    /// Throws ``Failure`` with cause `app` when this is no answer of the model.
    func checkOutput(_ value: JSONValue) throws(Failure) {
        guard let violations = output?.validate(value), let first = violations.first else { return }
        throw failure("answered", first, key: "output_schema", others: violations.count - 1)
    }

    func inputVerdict(_ value: JSONValue) -> SchemaVerdict { Self.verdict(input?.validate(value)) }

    func outputVerdict(_ value: JSONValue) -> SchemaVerdict { Self.verdict(output?.validate(value)) }

    private static func verdict(_ violations: [SchemaViolation]?) -> SchemaVerdict {
        SchemaVerdict(
            violations: violations?.map {
                SchemaVerdict.Violation(
                    pointer: shown($0.instancePointer), schemaPointer: shown($0.schemaPointer),
                    sentence: shown($0.sentence))
            })
    }

    private func failure(_ verb: String, _ violation: SchemaViolation, key: String, others: Int) -> Failure {
        let place = violation.instancePointer.isEmpty ? "a value" : "`\(Self.shown(violation.instancePointer))`"
        let rule = violation.schemaPointer.isEmpty ? "" : " at `\(Self.shown(violation.schemaPointer))`"
        let more = others > 0 ? " (\(others) more like this)" : ""
        return Failure(
            .app, "model \(model) \(verb) \(place): \(Self.shown(violation.sentence)); \(key) says so\(rule)\(more)")
    }

    private static func shown(_ text: String) -> String {
        let cut = text.utf8.count > quoteLimit ? String(text.unicodeScalars.prefix(quoteLimit)) + "…" : text
        return Quotation.printable(Array(cut.utf8), keepingLines: false)
    }
}
