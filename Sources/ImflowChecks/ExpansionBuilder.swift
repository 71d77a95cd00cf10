import ImflowIR
import ImflowJSON
import ImflowPlan

/// Unfolds graphs into one list of stages.
struct ExpansionBuilder {
    /// Where a graph stands in what is unfolded.
    struct Context {
        var references: [ModelReference: Resolution]
        /// Policies that win over all that is said inside: of the job, or of the stage that calls this pipeline.
        var overrides = Policies()
        /// Policies of the file itself, over which its stages' own win.
        var policies = Policies()
        /// Of the pipeline's stage, with its dot.
        var prefix = ""
        /// The entry stage of a pipeline; nil at the top.
        var entry: Int?
        /// Of the outer stage.
        var priority: Int?
        /// The manifests that are being unfolded, outermost first.
        var path: [String] = []
        /// How many rounds come before, over all that is repeated around.
        var round = 0
    }

    /// A stage as it stands in its graph: who it needs, and in which round.
    private struct Position {
        var name: String
        var needs: [Int]
        var softNeeds: [Int] = []
        /// Where searches that come to it go on: the needs of the first round.
        var behind: [Int]
        /// The first stage of the first round, and the last one of the round before; nil: there is none before.
        var rounds: (first: Int, earlier: Int)?
    }

    let workspace: Workspace
    /// Of each `repeat` so many rounds are made at most; the others only count.
    let maximumRounds: Int
    var input = Publication.open
    private(set) var stages: [ExpandedStage] = []
    private(set) var isTooLarge = false
    private var names: Set<String> = []
    /// Behind an exit are the pipeline's own stages, which nobody outside sees, and behind an entry are the stages
    /// outside, which nobody inside sees.
    private(set) var sourceGraph = SourceGraph()
    /// With the rounds that are not made.
    private var count = 0

    init(workspace: Workspace, maximumRounds: Int) {
        self.workspace = workspace
        self.maximumRounds = maximumRounds
    }

    /// Adds the stages of `graph`; the indexes of those that nothing needs. Nil when there is a cycle.
    mutating func add(_ graph: StageGraph, _ context: Context) -> [Int]? {
        guard graph.isAcyclic else { return nil }
        var placed: [Int: Int] = [:]
        for index in graph.order {
            let stage = graph.stages[index]
            guard hasRoom(context) else { return [] }
            var needs = stage.needs.compactMap { placed[$0] }
            let soft = stage.softNeeds.compactMap { placed[$0] }
            // Without a hard need a stage would outlive its pipeline.
            if soft.count == needs.count, let entry = context.entry { needs.append(entry) }
            let position = Position(name: context.prefix + stage.name, needs: needs, softNeeds: soft, behind: needs)
            let last = stage.declaration.loop == nil ? add(stage, position, context) : addRounds(stage, position, context)
            guard let last else { return nil }
            placed[index] = last
        }
        return graph.sinks.compactMap { placed[$0] }
    }

    private mutating func hasRoom(_ context: Context) -> Bool {
        if count >= Expansion.maximumStages || context.path.count > Expansion.maximumDepth { isTooLarge = true }
        return !isTooLarge
    }

    /// Adds the rounds of a stage that is repeated, and the stage that hands on the last one's result.
    private mutating func addRounds(_ stage: StageGraph.Stage, _ position: Position, _ context: Context) -> Int? {
        let times = stage.declaration.loop?.times?.value ?? 1
        let first = stages.count
        var rounds: [Int] = []
        for round in 0..<min(times, maximumRounds) {
            // What the caller adds to an expansion that is too large is not looked at.
            guard hasRoom(context) else { return rounds.last ?? max(0, stages.count - 1) }
            let start = stages.count
            let before = count
            var own = context
            own.round = context.round * times + round
            var place = position
            place.name += "@\(round + 1)"
            if let earlier = rounds.last {
                place.needs = [earlier]
                place.softNeeds = []
                place.rounds = (first, earlier)
            }
            guard let last = add(stage, place, own) else { return nil }
            rounds.append(last)
            guard round > 0 else { continue }
            for index in start..<stages.count {
                let same = first + index - start
                if same < start { stages[index].prototype = stages[same].prototype }
            }
            if round == maximumRounds - 1 { count += (count - before) * (times - maximumRounds) }
        }
        // The end of the rounds is a stage, too.
        if count >= Expansion.maximumStages { isTooLarge = true }
        guard let last = rounds.last else { return nil }
        var end = stages[last]
        end.name = position.name
        end.kind = .rounds(rounds)
        end.needs = [last]
        end.softNeeds = []
        end.entry = first
        end.earlier = nil
        end.givenSources = rounds.reversed()
        end.beyond = .needs(of: first)
        end.jobInput = false
        end.inputKey = nil
        end.literal = [:]
        end.multiNode = nil
        end.reducer = nil
        end.pipeline = nil
        end.round = context.round
        end.publication = Publication(all: rounds.map { stages[$0].publication })
        return append(end, behind: position.behind, isNamed: false)
    }

    /// Adds one stage, or the stages of the pipeline that it calls; the index that others need.
    private mutating func add(_ stage: StageGraph.Stage, _ position: Position, _ context: Context) -> Int? {
        let model = workspace.model(stage.declaration.model?.value, context.references)
        var expanded = ExpandedStage(
            name: position.name, kind: .call(path: model?.manifest.path), declaration: stage.declaration,
            needs: position.needs, softNeeds: position.softNeeds, entry: position.rounds?.earlier ?? context.entry,
            beyond: position.rounds.map { .needs(of: $0.first) }, earlier: position.rounds?.earlier,
            round: context.round, jobInput: context.entry == nil,
            inputKey: stage.declaration.inputKey, outputKey: stage.declaration.outputKey?.value,
            literal: stage.declaration.input?.value.objectValue ?? [:],
            priority: stage.declaration.priority?.value ?? context.priority, multiNode: nil,
            policies: context.overrides.over(stage.declaration.policies).over(context.policies), publication: .open)
        if let model, let inner = model.graph { return addPipeline(expanded, model, inner, position, context) }
        let own = stage.declaration.multiNode
        expanded.multiNode = model?.manifest.multiNode.map { own?.over($0) ?? $0 } ?? own
        expanded.reducer =
            reducer(own, in: context.references) ?? reducer(model?.manifest.multiNode, in: model?.references ?? [:])
        if let model { expanded.policies = expanded.policies.over(model.manifest.policies) }
        expanded.publication = publication(of: expanded, model)
        return append(expanded, behind: position.behind)
    }

    private mutating func addPipeline(
        _ stage: ExpandedStage, _ model: CheckedModel, _ graph: StageGraph, _ position: Position, _ context: Context
    ) -> Int? {
        if context.path.contains(model.manifest.path) { return nil }
        let name = unique(stage.name)
        var entry = stage
        entry.name = name + ExpandedStage.entrySuffix
        entry.kind = .entry
        entry.outputKey = nil
        entry.pipeline = model.manifest.path
        entry.publication = bound(entry)
        entry.beyond = .nothing
        let first = append(entry, behind: [])
        // The caller's policies win over the pipeline's own and its stages', as they would over a plain model's.
        let inner = Context(
            references: model.references, overrides: stage.policies, policies: model.manifest.policies,
            prefix: name + ".", entry: first, priority: stage.priority, path: context.path + [model.manifest.path],
            round: context.round)
        guard let sinks = add(graph, inner) else { return nil }
        var exit = stage
        exit.name = name
        exit.pipeline = model.manifest.path
        exit.kind = .exit(entry: first)
        exit.entry = first
        exit.earlier = nil
        exit.needs = sinks.isEmpty ? [first] : sinks
        exit.softNeeds = []
        exit.givenSources = exit.needs.reversed()
        exit.beyond = .needs(of: position.rounds?.first ?? first)
        exit.jobInput = false
        exit.inputKey = nil
        exit.literal = [:]
        exit.publication = Publication(all: exit.needs.map { stages[$0].publication })
        if let key = exit.outputKey { exit.publication = Publication(names: [key], isClosed: true) }
        return append(exit, behind: position.behind, isNamed: true)
    }

    private mutating func append(_ stage: ExpandedStage, behind: [Int], isNamed: Bool = false) -> Int {
        var stage = stage
        if !isNamed { stage.name = unique(stage.name) }
        stage.prototype = stages.count
        sourceGraph.append(behind)
        stages.append(stage)
        count += 1
        return stages.count - 1
    }

    /// Dots may stand in names, so that `a.b` can be both a stage and a stage `b` inside `a`.
    private mutating func unique(_ name: String) -> String {
        var result = name
        var number = 2
        while !names.insert(result).inserted {
            result = "\(name)-\(number)"
            number += 1
        }
        return result
    }

    private func reducer(_ block: MultiNode?, in references: [ModelReference: Resolution]) -> String? {
        workspace.model(block?.reducer?.value, references)?.manifest.path
    }

    /// What the stage's bound input has.
    private func bound(_ stage: ExpandedStage) -> Publication {
        let literal = Publication(names: Array(stage.literal.keys), isClosed: true)
        if let key = stage.inputKey?.value {
            return Publication(all: [literal, Publication(names: [key], isClosed: true)])
        }
        var parts = [literal]
        var search = sourceGraph.search(from: stage.needs, limit: Expansion.maximumLooks)
        while let source = search.next() { parts.append(stages[source].publication) }
        if search.isCut { parts.append(.open) }
        return Publication(all: parts + (stage.jobInput ? [input] : []))
    }

    private func publication(of stage: ExpandedStage, _ model: CheckedModel?) -> Publication {
        if let key = stage.outputKey { return Publication(names: [key], isClosed: true) }
        guard let manifest = model?.manifest else { return .open }
        if let block = stage.multiNode, block.splits {
            // The other strategies answer lists, texts, images: no members of the model's own.
            guard block.mergeStrategy?.value == .jsonMerge, block.reducer == nil else { return .open }
        }
        return Publication(schema: manifest.outputSchema?.value)
    }
}
