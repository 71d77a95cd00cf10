package import ImflowJSON

/// What a job will do, lowered from its manifests: everything the runtime needs, nothing it must look up again.
/// Stored with the job, so an older job runs under a newer imflow.
package struct Plan: Sendable, Equatable, Codable {
    /// The version of this shape; a reader refuses one it does not know.
    package static let currentSchema = "imflow.plan/v1"

    package var schema = Plan.currentSchema
    /// The models the stages call, by the key that ``StagePlan/Kind/call(model:)`` and ``MergePlan/reducer`` use.
    package var models: [String: ModelPlan]
    /// In topological order: a stage needs only stages before it. A stage's index is its identity.
    package var stages: [StagePlan]
    /// The job's own input: an object, less what imflow itself consumes (`split_strategy`).
    package var input: JSONValue
    /// JSON pointers (RFC 6901) into ``input`` of the URLs that are fetched before any stage starts.
    package var inputFiles: [String]
    /// The stages whose published values are the job's result. One: its value. Several: an object by stage name.
    package var outputs: [Int]
    package var policy: JobPolicy

    package init(
        models: [String: ModelPlan], stages: [StagePlan], input: JSONValue, inputFiles: [String], outputs: [Int],
        policy: JobPolicy = JobPolicy()
    ) {
        self.models = models
        self.stages = stages
        self.input = input
        self.inputFiles = inputFiles
        self.outputs = outputs
        self.policy = policy
    }
}

/// Policies of a whole job.
package struct JobPolicy: Sendable, Equatable, Codable {
    /// Of the time that the job is driven, from submission to the end: pauses do not count, and a job that is resumed after its end
    /// has all of it again. Nil: no limit.
    package var timeout: TimeSpan?
    /// Against other jobs on the same slots; larger goes first. Nil: 0.
    package var priority: Int?
    /// Attempts of the job that run at once, whatever the machine has; nil: no limit of its own.
    package var maxParallel: Int?

    package init(timeout: TimeSpan? = nil, priority: Int? = nil, maxParallel: Int? = nil) {
        self.timeout = timeout
        self.priority = priority
        self.maxParallel = maxParallel
    }
}

/// One stage of the graph.
package struct StagePlan: Sendable, Equatable, Codable {
    package enum Kind: Sendable, Equatable, Codable {
        /// Calls the model with this key in ``Plan/models``.
        case call(model: String)
        /// Hands its bound input on as its result: the border of a pipeline that is used as a model, or the end of a
        /// `repeat`.
        case pass
    }

    /// Where the search for values goes on that has come to a stage.
    package enum Beyond: Sendable, Equatable, Codable {
        /// Nowhere: what is outside a pipeline is not seen inside.
        case nothing
        /// With what this earlier stage needs: a pipeline's own stages are not seen outside, nor older rounds behind a
        /// newer one.
        case needs(of: Int)
    }

    /// Unique in the plan; a stage inside a pipeline is `outer.inner`.
    package var name: String
    package var kind: Kind
    /// Indexes of the stages that must have succeeded before this one starts.
    package var needs: [Int]
    /// Those of ``needs`` that only have to have ended, however they did; nil: none.
    package var softNeeds: [Int]?
    /// The stage whose units this one keeps: shard i starts when that stage's shard i is done, with no barrier between.
    /// It is one of ``needs``. Nil: the stage waits for whole results.
    package var follows: Int?
    package var binding: Binding
    /// Nil: a search for values that comes to this stage goes on with what the stage needs.
    package var beyond: Beyond?
    /// The stage at the border of the pipeline that this one stands in, or ends; when that one was skipped by its
    /// condition, so is this one. Of a later round of a `repeat`, the round before it.
    package var entry: Int?
    /// `output_key`: the name under which the result is published; nil: the result's members are.
    package var outputKey: String?
    /// Literal members laid over the bound input.
    package var literal: JSONValue
    package var when: Condition?
    /// Larger goes first among what is ready.
    package var priority: Int
    package var split: SplitPlan?
    /// Present exactly when ``split`` is.
    package var merge: MergePlan?
    package var gang: GangPlan?
    package var policy: StagePolicy

    package init(
        name: String, kind: Kind, needs: [Int] = [], softNeeds: [Int]? = nil, follows: Int? = nil,
        binding: Binding = Binding(), beyond: Beyond? = nil, entry: Int? = nil, outputKey: String? = nil,
        literal: JSONValue = .object([:]), when: Condition? = nil, priority: Int = 0, split: SplitPlan? = nil,
        merge: MergePlan? = nil, gang: GangPlan? = nil, policy: StagePolicy = StagePolicy()
    ) {
        self.name = name
        self.kind = kind
        self.needs = needs
        self.softNeeds = softNeeds
        self.follows = follows
        self.binding = binding
        self.beyond = beyond
        self.entry = entry
        self.outputKey = outputKey
        self.literal = literal
        self.when = when
        self.priority = priority
        self.split = split
        self.merge = merge
        self.gang = gang
        self.policy = policy
    }
}

/// How a stage's input object is put together from the job's context.
package struct Binding: Sendable, Equatable, Codable {
    /// The stages whose published values are searched, nearest first. Nil: those that a ``SourceGraph`` finds from what
    /// the stage needs.
    package var sources: [Int]?
    /// Whether only the first source that has a result counts, and that result is handed on as it is. Nil: no.
    package var firstSource: Bool?
    /// Whether the job's own input is searched after them. False inside a pipeline used as a model.
    package var jobInput: Bool
    /// `input_key`: the stage gets `{key: value}`; nil: it gets the whole context (nearest source wins).
    package var key: String?
    /// When nothing publishes ``key``: take the only published value of the only upstream.
    package var soleValueFallback: Bool

    package init(
        sources: [Int]? = nil, firstSource: Bool? = nil, jobInput: Bool = true, key: String? = nil,
        soleValueFallback: Bool = false
    ) {
        self.sources = sources
        self.firstSource = firstSource
        self.jobInput = jobInput
        self.key = key
        self.soleValueFallback = soleValueFallback
    }
}

/// A condition over the values a stage would be bound to (`when`).
package indirect enum Condition: Sendable, Equatable, Codable {
    /// The value at a dotted path exists and is neither null, false, 0, "" nor empty.
    case truthy(path: [String])
    case compare(path: [String], Comparison, JSONValue)
    case not(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)

    package enum Comparison: String, Sendable, Equatable, Codable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }
}
