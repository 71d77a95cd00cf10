package import ImflowDiagnostics
package import ImflowIR

/// What a rule looks at: one file, and all that is known of what it refers to.
package struct Scope: Sendable {
    package indirect enum Subject: Sendable {
        case model(CheckedModel)
        case job(CheckedJob)
    }

    package let subject: Subject
    package let workspace: Workspace
    /// The stages that run, pipelines unfolded; nil: the graph has no meaning (a cycle), and its rule says so.
    package let expansion: Expansion?
    /// Every `multi_node` block that this file writes.
    package let multiNodes: [MultiNode]

    package init(_ subject: Subject, in workspace: Workspace) {
        self.subject = subject
        self.workspace = workspace
        expansion = Expansion(subject, in: workspace)
        multiNodes = Self.multiNodes(subject)
    }

    private static func multiNodes(_ subject: Subject) -> [MultiNode] {
        let own: MultiNode?
        let graph: StageGraph?
        switch subject {
        case .model(let model): (own, graph) = (model.manifest.multiNode, model.graph)
        case .job(let job): (own, graph) = (job.job.multiNode, job.graph)
        }
        return (own.map { [$0] } ?? []) + (graph?.stages.compactMap(\.declaration.multiNode) ?? [])
    }

    package var job: CheckedJob? { if case .job(let job) = subject { job } else { nil } }
    package var model: CheckedModel? { if case .model(let model) = subject { model } else { nil } }

    /// Whether the file, and every manifest in its reach, could be read to its end.
    package var isWhole: Bool {
        guard job?.job.isWhole ?? true, model?.manifest.isWhole ?? true else { return false }
        var pending = Array(references.values)
        var seen: Set<String> = []
        while let resolution = pending.popLast() {
            guard case .found(let path) = resolution, seen.insert(path).inserted, let called = workspace.models[path]
            else { continue }
            guard called.manifest.isWhole else { return false }
            pending += called.references.values
        }
        return true
    }

    /// The graph that this file declares.
    package var graph: StageGraph? { job.map(\.graph) ?? model?.graph }

    /// The text that the subject was read from.
    package var source: Source {
        switch subject {
        case .model(let model): model.manifest.span.source
        case .job(let job): job.job.span.source
        }
    }

    /// Whether `place` is in the subject's own text, rather than in that of a model it calls.
    package func owns(_ place: Span) -> Bool { place.source === source }

    package var references: [ModelReference: Resolution] { job?.references ?? model?.references ?? [:] }
}

/// One rule over one file. Rules are independent: none relies on another having run, and each skips what it cannot
/// read.
package protocol Rule: Sendable {
    /// The codes it can give.
    static var codes: [DiagnosticCode] { get }

    init()

    func check(_ scope: Scope, into findings: inout FindingList)
}

/// The rules that every file must pass.
package enum RuleSet {
    package static let all: [any Rule.Type] = [
        UnknownModelRule.self, UnknownStageRule.self, DuplicateStageRule.self, StageCycleRule.self, ModelCycleRule.self,
        BoundKeysRule.self, ConditionKeysRule.self, InputGivenRule.self, GraphSizeRule.self, ReducerRule.self,
        ShardLimitRule.self, OverlapRule.self, SplitOptionsRule.self, MergeOptionsRule.self, SpatialConcatRule.self,
        SplitTargetRule.self, SplitInputRule.self, PipelineSplitRule.self,
        GangHeadRule.self, GangSplitRule.self, GangOptionsRule.self,
        SecretLiteralRule.self, ImageDigestRule.self, RetryRule.self, JobTimeoutRule.self,
        UnusedOptionRule.self, SoftNeedRule.self, RepeatRule.self, HedgeRule.self, MemoryRule.self, InstanceRule.self,
        PortRule.self, GangSizeRule.self, GangGPURule.self,
        MergeWithoutSplitRule.self, MergeValuesRule.self, SplitWithoutMergeRule.self, ShardUnitsRule.self, TileSizeRule.self,
        LabelMapRule.self,
        NeverTrueRule.self, UnusedOutputRule.self, UnreachableStageRule.self, ShadowedKeyRule.self,
        JobModelRule.self, RunnableRule.self, SchemaRule.self, SchemaConflictRule.self, InputValuesRule.self,
    ]

    /// Every code that a rule can give.
    package static var codes: [DiagnosticCode] { all.flatMap { $0.codes } }

    /// The rules that look only at what is there. The others also judge what is absent, which they cannot in a file that
    /// could not be read to its end.
    private static let soundOnParts = Set(
        [
            UnknownModelRule.self, DuplicateStageRule.self, StageCycleRule.self, ModelCycleRule.self,
            GraphSizeRule.self, ReducerRule.self, PipelineSplitRule.self, GangSplitRule.self, JobModelRule.self,
            SchemaRule.self, SecretLiteralRule.self, ImageDigestRule.self,
        ].map { (rule: any Rule.Type) in ObjectIdentifier(rule) })

    /// What all rules find.
    package static func check(_ scope: Scope) -> [Diagnostic] {
        var findings = FindingList()
        let isWhole = scope.isWhole
        for rule in all where !findings.isFull && (isWhole || soundOnParts.contains(ObjectIdentifier(rule))) {
            rule.init().check(scope, into: &findings)
        }
        return findings.diagnostics
    }
}
