package import ImflowDiagnostics
package import ImflowJSON
package import ImflowPlan

/// A member of `chained_models` or `job_graph.stages`, as written. A class for the reason that ``Manifest`` is one.
package final class StageDeclaration: Sendable {
    /// The place of the whole declaration.
    package let span: Span
    package let name: Located<String>?
    /// Nil where it could not be read.
    package let model: Located<ModelReference>?
    package let inputKey: Located<String>?
    package let outputKey: Located<String>?
    package let needs: Located<[Located<String>]>?
    package let softNeeds: Located<[Located<String>]>?
    package let loop: RepeatDeclaration?
    package let maxParallel: Located<Int>?
    /// Literal members.
    package let input: Located<JSONValue>?
    /// Where the parts of ``input`` stand.
    package let inputPlaces: ValuePlaces
    package let when: Located<Condition>?
    package let priority: Located<Int>?
    package let multiNode: MultiNode?
    package let policies: Policies

    /// A stage that only calls a model.
    package init(span: Span, model: Located<ModelReference>) {
        self.span = span
        self.model = model
        inputPlaces = ValuePlaces()
        name = nil
        inputKey = nil
        outputKey = nil
        needs = nil
        softNeeds = nil
        loop = nil
        maxParallel = nil
        input = nil
        when = nil
        priority = nil
        multiNode = nil
        policies = Policies()
    }

    init(_ fields: Fields, modelKey: String) {
        span = fields.span
        name = fields.text("name")
        model = fields.reference(modelKey)
        inputKey = fields.text("input_key")
        outputKey = fields.text("output_key")
        needs = fields.texts("needs")
        softNeeds = fields.texts("soft_needs")
        loop = fields.fields("repeat").map { RepeatDeclaration($0.value, keySpan: $0.keySpan) }
        maxParallel = fields.integer("max_parallel")
        input = fields.json("input")
        inputPlaces = fields.places["input"] ?? ValuePlaces()
        when = fields.condition("when")
        priority = fields.integer("priority")
        multiNode = fields.fields("multi_node").map { MultiNode($0.value) }
        policies = Policies(fields)
    }
}

/// `repeat`, as written.
package struct RepeatDeclaration: Sendable {
    /// The place of the block.
    package let span: Span
    package let keySpan: Span
    /// Nil where it could not be read.
    package let times: Located<Int>?
    package let until: Located<Condition>?

    init(_ fields: Fields, keySpan: Span) {
        span = fields.span
        self.keySpan = keySpan
        times = fields.integer("times")
        until = fields.condition("until")
    }
}
