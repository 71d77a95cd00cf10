package import ImflowDiagnostics
package import ImflowJSON

/// A `job.json`, typed; what could not be read is absent.
package struct Job: Sendable {
    /// Absolute path of the folder that relative paths start from.
    package var folder: String
    /// The place of the document.
    package var span: Span
    package var id: Located<String>?
    /// Less `split_strategy`. Nil: the job says nothing of its input.
    package var input: Located<JSONValue>?
    /// Where the members of ``input`` stand.
    package var inputPlaces: ValuePlaces
    package var splitStrategy: Located<SplitStrategy>?
    package var shardCount: Located<Int>?
    package var model: Located<ModelReference>?
    /// `job_graph.stages`; nil: none.
    package var stages: Located<[StageDeclaration]>?
    /// Whether a `model` or a `job_graph` is there that was reported.
    package var hasUnreadableModel = false
    /// Whether an `input` is there that was reported.
    package var hasUnreadableInput = false
    /// Whether the text was read to its end; else what is absent may be there.
    package var isWhole = true
    package var multiNode: MultiNode?
    package var priority: Located<Int>?
    package var maxParallel: Located<Int>?
    package var policies: Policies

    /// A job that says nothing, for a model that is run by itself.
    package init(folder: String, span: Span) {
        self.folder = folder
        self.span = span
        inputPlaces = ValuePlaces()
        policies = Policies()
    }

    init(_ fields: Fields, folder: String, splitStrategy: Located<SplitStrategy>?) {
        self.folder = folder
        span = fields.span
        id = fields.text("job_id")
        input = fields.json("input").map { input in
            input.map { value in
                guard case .object(var members) = value else { return value }
                members[SplitStrategy.key] = nil
                return .object(members)
            }
        }
        inputPlaces = fields.places["input"] ?? ValuePlaces()
        self.splitStrategy = splitStrategy
        shardCount = fields.integer("shard_count")
        model = fields.reference("model")
        stages = fields.fields("job_graph")?.value.list("stages").map { list in
            list.map { $0.map { StageDeclaration($0, modelKey: "model") } }
        }
        hasUnreadableModel =
            fields.wasRead("model") || fields.wasRead("job_graph")
            || (fields.fields("job_graph") != nil && stages == nil)
        hasUnreadableInput = fields.wasRead("input")
        multiNode = fields.fields("multi_node").map { MultiNode($0.value) }
        priority = fields.integer("priority")
        maxParallel = fields.integer("max_parallel")
        policies = Policies(fields)
    }
}
