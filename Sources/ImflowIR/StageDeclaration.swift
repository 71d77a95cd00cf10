package import ImflowDiagnostics
package import ImflowJSON
package import ImflowPlan

/// A member of `chained_models` or `job_graph.stages`, as written.
package struct StageDeclaration: Sendable {
    /// The place of the whole declaration.
    package var span: Span
    package var name: Located<String>?
    /// Nil where it could not be read.
    package var model: Located<ModelReference>?
    package var inputKey: Located<String>?
    package var outputKey: Located<String>?
    package var needs: Located<[Located<String>]>?
    /// Literal members.
    package var input: Located<JSONValue>?
    /// Where the parts of ``input`` stand.
    package var inputPlaces: ValuePlaces
    package var when: Located<Condition>?
    package var priority: Located<Int>?
    package var multiNode: MultiNode?
    package var policies: Policies

    /// A stage that only calls a model.
    package init(span: Span, model: Located<ModelReference>) {
        self.span = span
        self.model = model
        inputPlaces = ValuePlaces()
        policies = Policies()
    }

    init(_ fields: Fields, modelKey: String) {
        span = fields.span
        name = fields.text("name")
        model = fields.reference(modelKey)
        inputKey = fields.text("input_key")
        outputKey = fields.text("output_key")
        needs = fields.texts("needs")
        input = fields.json("input")
        inputPlaces = fields.places["input"] ?? ValuePlaces()
        when = fields.condition("when")
        priority = fields.integer("priority")
        multiNode = fields.fields("multi_node").map { MultiNode($0.value) }
        policies = Policies(fields)
    }
}
