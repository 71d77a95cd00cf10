package import ImflowDiagnostics
package import ImflowIR

/// A job's `shard_count` stays within `max_shards`.
package struct ShardLimitRule: Rule {
    package static let codes: [DiagnosticCode] = [.shardsOverLimit]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let count = scope.job?.job.shardCount, let expansion = scope.expansion, let target = expansion.target,
            !expansion.isTargetUncertain
        else { return }
        let stage = expansion.stages[target]
        guard let block = stage.multiNode, block.splits, count.value > block.shardLimit else { return }
        let limit = block.maxShards
        findings.add(
            Diagnostic(
                .shardsOverLimit,
                "`shard_count` is \(count.value), and `\(stage.shownName)` has at most \(block.shardLimit) shards",
                at: count.span,
                secondary: limit.map { [Label($0.span, "the limit")] } ?? [],
                notes: limit == nil ? ["`max_shards` is not set, and 32 by default"] : [],
                help: "lower `shard_count` to \(block.shardLimit), or raise `max_shards` in the model's `multi_node`"))
    }
}
