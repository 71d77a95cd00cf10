import ImflowIR
import ImflowJSON

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
    }

    let workspace: Workspace
    var input = Publication.open
    private(set) var stages: [ExpandedStage] = []
    private(set) var isTooLarge = false
    private var names: Set<String> = []
    /// By stage: where the search for its values goes on. Behind an exit are the pipeline's own stages, which nobody
    /// outside sees, and behind an entry are the stages outside, which nobody inside sees.
    private var outerNeeds: [[Int]] = []

    init(workspace: Workspace) { self.workspace = workspace }

    /// Adds the stages of `graph`; the indexes of those that nothing needs. Nil when there is a cycle.
    mutating func add(_ graph: StageGraph, _ context: Context) -> [Int]? {
        guard graph.isAcyclic else { return nil }
        var placed: [Int: Int] = [:]
        for index in graph.order {
            let stage = graph.stages[index]
            guard stages.count < Expansion.maximumStages, context.path.count <= Expansion.maximumDepth else {
                isTooLarge = true
                return []
            }
            var needs = stage.needs.compactMap { placed[$0] }
            if needs.isEmpty, let entry = context.entry { needs = [entry] }
            guard let last = add(stage, needs, context) else { return nil }
            placed[index] = last
        }
        return graph.sinks.compactMap { placed[$0] }
    }

    /// Adds one stage, or the stages of the pipeline that it calls; the index that others need.
    private mutating func add(_ stage: StageGraph.Stage, _ needs: [Int], _ context: Context) -> Int? {
        let model = workspace.model(stage.declaration.model?.value, context.references)
        var expanded = ExpandedStage(
            name: context.prefix + stage.name, kind: .call(path: model?.manifest.path), declaration: stage.declaration,
            needs: needs, entry: context.entry, sources: sources(needs), jobInput: context.entry == nil,
            inputKey: stage.declaration.inputKey, outputKey: stage.declaration.outputKey?.value,
            literal: stage.declaration.input?.value.objectValue ?? [:],
            priority: stage.declaration.priority?.value ?? context.priority, multiNode: nil,
            policies: context.overrides.over(stage.declaration.policies).over(context.policies), publication: .open)
        if let model, let inner = model.graph { return addPipeline(expanded, model, inner, context) }
        let own = stage.declaration.multiNode
        expanded.multiNode = model?.manifest.multiNode.map { own?.over($0) ?? $0 } ?? own
        expanded.reducer =
            reducer(own, in: context.references) ?? reducer(model?.manifest.multiNode, in: model?.references ?? [:])
        if let model { expanded.policies = expanded.policies.over(model.manifest.policies) }
        expanded.publication = publication(of: expanded, model)
        return append(expanded)
    }

    private mutating func addPipeline(
        _ stage: ExpandedStage, _ model: CheckedModel, _ graph: StageGraph, _ context: Context
    ) -> Int? {
        if context.path.contains(model.manifest.path) { return nil }
        let name = unique(stage.name)
        var entry = stage
        entry.name = name + ExpandedStage.entrySuffix
        entry.kind = .entry
        entry.outputKey = nil
        entry.pipeline = model.manifest.path
        entry.publication = bound(entry)
        let first = append(entry)
        // The caller's policies win over the pipeline's own and its stages', as they would over a plain model's.
        let inner = Context(
            references: model.references, overrides: stage.policies, policies: model.manifest.policies,
            prefix: name + ".", entry: first, priority: stage.priority, path: context.path + [model.manifest.path])
        guard let sinks = add(graph, inner) else { return nil }
        var exit = stage
        exit.name = name
        exit.pipeline = model.manifest.path
        exit.kind = .exit(entry: first)
        exit.entry = first
        exit.needs = sinks.isEmpty ? [first] : sinks
        exit.sources = exit.needs.reversed()
        exit.jobInput = false
        exit.inputKey = nil
        exit.literal = [:]
        exit.publication = Publication(all: exit.needs.map { stages[$0].publication })
        if let key = exit.outputKey { exit.publication = Publication(names: [key], isClosed: true) }
        return append(exit, isNamed: true)
    }

    private mutating func append(_ stage: ExpandedStage, isNamed: Bool = false) -> Int {
        var stage = stage
        if !isNamed { stage.name = unique(stage.name) }
        switch stage.kind {
        case .call: outerNeeds.append(stage.needs)
        case .entry: outerNeeds.append([])
        case .exit(let entry): outerNeeds.append(stages[entry].needs)
        }
        stages.append(stage)
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

    /// Everything needed, by breadth: direct needs first; of one distance, the later in the graph first.
    private func sources(_ needs: [Int]) -> [Int] {
        // In a chain, which is what most graphs are, a copy of what is known already.
        if needs.count == 1 { return needs + outerSources(needs[0]) }
        var found: [Int] = []
        var isSeen = [Bool](repeating: false, count: stages.count)
        for need in needs { isSeen[need] = true }
        var level = needs
        while !level.isEmpty {
            level.sort(by: >)
            found += level
            var next: [Int] = []
            for stage in level {
                for need in outerNeeds[stage] where !isSeen[need] {
                    isSeen[need] = true
                    next.append(need)
                }
            }
            level = next
        }
        return found
    }

    /// The sources of a stage that needs what ``outerNeeds`` has of `stage`.
    private func outerSources(_ stage: Int) -> [Int] {
        switch stages[stage].kind {
        case .call: stages[stage].sources
        case .entry: []
        case .exit(let entry): stages[entry].sources
        }
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
        let sources = stage.sources.map { stages[$0].publication }
        return Publication(all: [literal] + sources + (stage.jobInput ? [input] : []))
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
