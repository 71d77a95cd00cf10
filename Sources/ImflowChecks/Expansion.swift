package import ImflowDiagnostics
package import ImflowIR
package import ImflowJSON
package import ImflowPlan

/// One stage as it will run: a call, or the border of a pipeline that is used as a model.
package struct ExpandedStage: Sendable {
    package enum Kind: Sendable {
        /// Calls the manifest at this path; nil: it is not known, and a rule says so.
        case call(path: String?)
        /// Hands its bound input to the pipeline's stages.
        case entry
        /// Gathers what the pipeline's last stages publish.
        case exit(entry: Int)
        /// Hands on what the last of these rounds that ran has published; each is a round's last stage.
        case rounds([Int])
    }

    /// Unique in the expansion; a stage inside a pipeline is `outer.inner`.
    package var name: String
    package var kind: Kind
    package var declaration: StageDeclaration
    package var needs: [Int]
    /// Those of ``needs`` that only must have ended.
    package var softNeeds: [Int]
    /// The entry of the pipeline it stands in, or ends; of the first stage of a later round, the round before.
    package var entry: Int?
    /// The only stages that it sees, nearest first; nil: those that ``SourceGraph`` finds from ``needs``.
    package var givenSources: [Int]?
    /// See ``StagePlan/beyond``.
    package var beyond: StagePlan.Beyond?
    /// Of the first stage of a later round: the last one of the round before.
    package var earlier: Int?
    /// How many rounds come before its own, over all that is repeated around it.
    package var round = 0
    /// The same stage in the first rounds of all; itself where nothing is repeated.
    package var prototype = 0
    /// Whether the job's own input is in reach.
    package var jobInput: Bool
    /// Nil: the whole context.
    package var inputKey: Located<String>?
    package var outputKey: String?
    package var literal: JSONObject
    package var priority: Int?
    /// The model's, with the overrides over it.
    @Boxed package var multiNode: MultiNode?
    @Boxed package var policies: Policies
    /// The path of the manifest of ``multiNode``'s reducer, when it is resolved.
    package var reducer: String?
    package var publication: Publication
    /// The manifest of the pipeline that an entry or exit is the border of.
    package var pipeline: String?

    /// The model's path, of a call that is resolved.
    package var modelPath: String? { if case .call(let path) = kind { path } else { nil } }
    package var isCall: Bool { if case .call = kind { true } else { false } }
    /// Whether it hands on the result of the last round of a stage that is repeated.
    package var isEndOfRounds: Bool { if case .rounds = kind { true } else { false } }
    /// What messages call it: of a pipeline's entry, the pipeline's own stage, and of a round, the stage.
    package var shownName: String {
        let isEntry = if case .entry = kind { name.hasSuffix(Self.entrySuffix) } else { false }
        let own = isEntry ? String(name.dropLast(Self.entrySuffix.count)) : name
        guard own.utf8.contains(UInt8(ascii: "@")) else { return own }
        let parts = own.split(separator: "@", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(String(parts[0])) { $0 + $1.drop { $0.isNumber } }
    }
    /// The condition that is asked before it runs, as it is written; of the first stage of a later round it is `until`,
    /// which must not hold.
    package var condition: Located<Condition>? {
        switch kind {
        // A pipeline's condition is asked where it is entered.
        case .exit, .rounds: nil
        case .call, .entry: earlier == nil ? declaration.when : declaration.loop?.until
        }
    }
    /// ``condition``, as it must hold.
    package var asked: Condition? { condition.map { earlier == nil ? $0.value : .not($0.value) } }
    /// What an entry's name ends in.
    static let entrySuffix = ".input"
    /// Where messages about the stage point.
    package var place: Span {
        declaration.model?.span ?? declaration.name?.span ?? declaration.span.firstLine
    }
}

/// The stages of a file with every pipeline unfolded, in topological order.
package struct Expansion: Sendable {
    /// More stages than this are refused.
    package static let maximumStages = 10_000
    /// A search for the values in a stage's reach looks at so many stages; what is farther away may publish anything.
    package static let maximumLooks = 500
    /// Of a `repeat` a check looks at so many rounds: those after the second see the same as it does.
    package static let checkedRounds = 2
    /// Pipelines within pipelines deeper than this are refused.
    package static let maximumDepth = 32

    package private(set) var stages: [ExpandedStage]
    /// The stages whose values are the job's result.
    package let outputs: [Int]
    /// The members of the job's input that are known.
    package let input: Publication
    /// The stage that the job's `split_strategy`, `shard_count` and `multi_node` are for.
    package let target: Int?
    /// Whether there are too many stages, rounds included; some may be left out.
    package let isTooLarge: Bool
    let graph: SourceGraph
    /// The same without soft needs; nil: there are none.
    let hardGraph: SourceGraph?
    /// All names that a stage is known to publish.
    let publishedNames: Set<String>

    /// Nil when a cycle gives the graph no meaning. `rounds`: of each `repeat` so many are made at most.
    package init?(_ subject: Scope.Subject, in workspace: Workspace, rounds: Int = Self.checkedRounds) {
        var builder = ExpansionBuilder(workspace: workspace, maximumRounds: rounds)
        let context: ExpansionBuilder.Context
        let graph: StageGraph
        switch subject {
        case .model(let model):
            builder.input = Publication(schema: model.manifest.inputSchema?.value)
            if let own = model.graph {
                graph = own
                context = ExpansionBuilder.Context(
                    references: model.references, policies: model.manifest.policies, path: [model.manifest.path])
            } else {
                graph = StageGraph([Self.call(model.manifest, at: model.manifest.place)])
                context = ExpansionBuilder.Context(references: [
                    Self.reference(model.manifest): .found(path: model.manifest.path)
                ])
            }
        case .job(let job):
            if let input = job.input ?? (job.isSubmitted ? [:] : nil) {
                builder.input = Publication(names: Array(input.keys), isClosed: true)
            }
            guard let (own, place) = Self.jobGraph(job, in: workspace) else { return nil }
            (graph, context) = (own, place)
        }
        guard let sinks = builder.add(graph, context) else { return nil }
        isTooLarge = builder.isTooLarge
        outputs = sinks
        input = builder.input
        stages = builder.stages
        self.graph = builder.sourceGraph
        hardGraph = Self.hardGraph(stages, graph: builder.sourceGraph)
        publishedNames = Set(stages.lazy.flatMap(\.publication.names))
        if case .job(let job) = subject {
            target = Self.target(stages, hasGraph: job.graph != nil)
            apply(job, in: workspace)
        } else {
            target = nil
        }
    }

    private static func hardGraph(_ stages: [ExpandedStage], graph: SourceGraph) -> SourceGraph? {
        if stages.allSatisfy(\.softNeeds.isEmpty) { return nil }
        var hard = SourceGraph()
        for index in stages.indices { hard.append(graph.behind(index).filter { !stages[index].softNeeds.contains($0) }) }
        return hard
    }

    private static func reference(_ manifest: Manifest) -> ModelReference {
        ModelReference(id: manifest.name)
    }

    private static func call(_ manifest: Manifest, at span: Span) -> StageDeclaration {
        StageDeclaration(span: span, model: Located(reference(manifest), at: span))
    }

    /// The graph that a job runs: its own, its pipeline's, or one call.
    private static func jobGraph(
        _ job: CheckedJob, in workspace: Workspace
    ) -> (StageGraph, ExpansionBuilder.Context)? {
        if let graph = job.graph {
            return (graph, ExpansionBuilder.Context(references: job.references, policies: job.job.policies))
        }
        guard let path = job.model, let model = workspace.models[path.value] else { return nil }
        if let graph = model.graph {
            return (
                graph,
                ExpansionBuilder.Context(
                    references: model.references, overrides: job.job.policies, policies: model.manifest.policies,
                    path: [model.manifest.path])
            )
        }
        return (
            StageGraph([call(model.manifest, at: path.span)]),
            ExpansionBuilder.Context(
                references: [reference(model.manifest): .found(path: path.value)], overrides: job.job.policies)
        )
    }

    private static func target(_ stages: [ExpandedStage], hasGraph: Bool) -> Int? {
        if let first = stages.firstIndex(where: { $0.isCall && $0.multiNode?.splits == true }) { return first }
        return !hasGraph && stages.count == 1 && stages[0].isCall ? 0 : nil
    }

    /// Lays what the job says of its split over the target.
    private mutating func apply(_ checked: CheckedJob, in workspace: Workspace) {
        let job = checked.job
        for index in stages.indices { stages[index].priority = stages[index].priority ?? job.priority?.value }
        guard let target else { return }
        for index in stages.indices where stages[index].prototype == target && stages[index].isCall {
            apply(checked, to: index, in: workspace)
        }
    }

    private mutating func apply(_ checked: CheckedJob, to target: Int, in workspace: Workspace) {
        let job = checked.job
        var block = stages[target].multiNode
        if let own = job.multiNode {
            block = block.map(own.over) ?? own
            if let path = workspace.model(own.reducer?.value, checked.references)?.manifest.path {
                stages[target].reducer = path
            }
        }
        if let strategy = job.splitStrategy { block = Self.block(strategy, over: block) }
        stages[target].multiNode = block
    }

    private static func block(_ strategy: Located<SplitStrategy>, over block: MultiNode?) -> MultiNode {
        var own = MultiNode(span: strategy.span)
        let size = strategy.value.size.map { Located($0, at: strategy.span) }
        let overlap = strategy.map { $0.overlap ?? 0 }
        own.enabled = strategy.map { _ in true }
        own.isUnsplit = strategy.value.mode == nil
        own.splitMode = strategy.value.mode.map { Located($0, at: strategy.span) }
        switch strategy.value.mode {
        case .tile:
            own.tileSize = size.map { $0.map { Pair(x: $0, y: $0) } }
            own.tileOverlap = overlap.map { Pair(x: $0, y: $0) }
        case .batch, .rows: own.batchSize = size
        case .audio:
            own.audioLength = size.map { $0.map { TimeSpan(milliseconds: Int64($0) * 1000) } }
            own.audioOverlap = overlap.map { TimeSpan(milliseconds: Int64($0) * 1000) }
        case .candidates: own.candidates = size
        case .sequence:
            own.sequenceLength = size
            own.sequenceOverlap = overlap
        case .lines:
            if let size, size.value > 1 {
                own.splitMode = strategy.map { _ in .sequence }
                own.sequenceUnit = strategy.map { _ in .lines }
                own.sequenceLength = size
                own.sequenceOverlap = overlap
            }
        case nil: break
        }
        return block.map(own.over) ?? own
    }
}
