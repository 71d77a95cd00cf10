package import ImflowDiagnostics
package import ImflowIR
package import ImflowJSON

/// One stage as it will run: a call, or the border of a pipeline that is used as a model.
package struct ExpandedStage: Sendable {
    package enum Kind: Sendable {
        /// Calls the manifest at this path; nil: it is not known, and a rule says so.
        case call(path: String?)
        /// Hands its bound input to the pipeline's stages.
        case entry
        /// Gathers what the pipeline's last stages publish.
        case exit(entry: Int)
    }

    /// Unique in the expansion; a stage inside a pipeline is `outer.inner`.
    package var name: String
    package var kind: Kind
    package var declaration: StageDeclaration
    package var needs: [Int]
    /// The entry of the pipeline it stands in, or ends.
    package var entry: Int?
    /// Everything needed, also through others, nearest first.
    package var sources: [Int]
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
    /// What messages call it: of a pipeline's entry, the pipeline's own stage.
    package var shownName: String {
        if case .entry = kind, name.hasSuffix(Self.entrySuffix) { return String(name.dropLast(Self.entrySuffix.count)) }
        return name
    }
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
    package static let maximumStages = 2000
    /// Pipelines within pipelines deeper than this are refused.
    package static let maximumDepth = 32

    package private(set) var stages: [ExpandedStage]
    /// The stages whose values are the job's result.
    package let outputs: [Int]
    /// The members of the job's input that are known.
    package let input: Publication
    /// The stage that the job's `split_strategy`, `shard_count` and `multi_node` are for.
    package let target: Int?
    /// Whether stages were left out because there are too many.
    package let isTooLarge: Bool

    /// Nil when a cycle gives the graph no meaning.
    init?(_ subject: Scope.Subject, in workspace: Workspace) {
        var builder = ExpansionBuilder(workspace: workspace)
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
        if case .job(let job) = subject {
            target = Self.target(stages, hasGraph: job.graph != nil)
            apply(job, in: workspace)
        } else {
            target = nil
        }
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
        case .batch: own.batchSize = size
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
