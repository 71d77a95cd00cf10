package import ImflowDiagnostics
package import ImflowIR

/// What a job says of its split has a stage to act on.
package struct SplitTargetRule: Rule {
    package static let codes: [DiagnosticCode] = [.nothingToSplit]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let job = scope.job, let expansion = scope.expansion, !expansion.isTargetUncertain else { return }
        let splits = expansion.target.map { expansion.stages[$0].multiNode?.splits == true } ?? false
        if expansion.target == nil {
            if let strategy = job.job.splitStrategy { findings.add(unused("split_strategy", strategy.span)) }
            if let block = job.job.multiNode { findings.add(unused("multi_node", block.span.firstLine)) }
        }
        let isUnsplit = job.job.splitStrategy.map { $0.value.mode == nil } ?? false
        if !splits, !isUnsplit, let count = job.job.shardCount { findings.add(unused("shard_count", count.span)) }
    }

    private func unused(_ key: String, _ place: Span) -> Diagnostic {
        Diagnostic(
            .nothingToSplit, "`\(key)` does nothing: no stage of this job is split", at: place,
            help: "give a model, or a stage, a `multi_node` with a `split_mode`")
    }
}
