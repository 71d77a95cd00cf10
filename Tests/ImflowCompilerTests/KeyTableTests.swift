import ImflowIR
import Testing

/// Every key that the contract names is in the table, and none twice.
@Suite struct KeyTableTests {
    @Test func manifestsHaveTheirKeys() {
        let names = [
            "name", "version", "description", "labels", "image", "entrypoint", "runtime", "protocol", "port", "path",
            "health", "concurrency", "env", "hooks", "resources", "requires", "input_schema", "output_schema",
            "multi_node",
            "chained_models", "retry", "timeout", "on_failure", "min_success_ratio", "cache",
        ]
        for name in names { #expect(KeyTable.manifest[name] != nil, "\(name)") }
    }

    @Test func stagesHaveTheirKeys() {
        let common = [
            "name", "input_key", "output_key", "needs", "input", "when", "priority", "multi_node", "retry", "timeout",
            "on_failure", "min_success_ratio", "cache",
        ]
        for name in common + ["model_id"] { #expect(KeyTable.chainedModel[name] != nil, "\(name)") }
        for name in common + ["model"] { #expect(KeyTable.jobStage[name] != nil, "\(name)") }
    }

    @Test func multiNodeHasItsKeys() {
        let names = [
            "enabled", "split_mode", "split_key", "tile_size", "tile_overlap", "tile_pad", "batch_size",
            "sequence_length",
            "sequence_overlap", "sequence_unit", "candidates", "seed", "max_shards", "merge_strategy", "merge",
            "reducer",
            "distributed_runtime", "shard_role", "cluster_size", "coordination_port", "gpu", "start_window",
        ]
        for name in names { #expect(KeyTable.multiNode[name] != nil, "\(name)") }
        for name in KeyTable.splitOptions.keys { #expect(KeyTable.multiNode[name] != nil) }
        for name in KeyTable.gangOptions { #expect(KeyTable.multiNode[name] != nil) }
        for name in KeyTable.mergeOptions.keys { #expect(KeyTable.merge[name] != nil) }
    }

    private static let blocks = [
        KeyTable.manifest, KeyTable.job, KeyTable.jobGraph, KeyTable.jobStage, KeyTable.chainedModel,
        KeyTable.multiNode,
        KeyTable.merge, KeyTable.retry, KeyTable.hooks, KeyTable.resources, KeyTable.gpu, KeyTable.requires,
    ]

    @Test(arguments: blocks.indices) func keysAreUniqueAndExplained(_ index: Int) {
        let block = Self.blocks[index]
        #expect(Set(block.keys.map(\.name)).count == block.keys.count)
        for key in block.keys { #expect(!key.meaning.isEmpty && block[key.name]?.name == key.name) }
    }
}
