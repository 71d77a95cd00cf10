package import ImflowPlan

extension KeyTable {
    package static let multiNode = KeyBlock(
        "multi_node",
        [
            Key("enabled", .boolean, "true when the block is present"),
            Key("split_mode", .choice(SplitMode.allCases.map(\.rawValue) + ["none"]), "what the input is cut into"),
            Key("split_key", .text, "which input member is split; default: the only one that fits the mode"),
            Key("tile_size", .pair(pixels), "tile: px or `[w, h]`; 512"),
            Key("tile_overlap", .pair(0...1_000_000), "tile: px or `[w, h]`; 0"),
            Key("tile_pad", .boolean, "tile: pad edge tiles to the full size; false"),
            Key("batch_size", .integer(pixels), "batch: items per unit; 1"),
            Key("sequence_length", .integer(pixels), "sequence: units of the window; 2048"),
            Key("sequence_overlap", .integer(0...1_000_000), "sequence: units that neighbours share; 0"),
            Key("sequence_unit", .choice(SequenceUnit.allCases.map(\.rawValue)), "sequence: `words`"),
            Key("candidates", .integer(pixels), "candidates: calls with the same input; 1"),
            Key("seed", .integer(anyInteger), "candidates: the first call's `seed`; 0"),
            Key("max_shards", .integer(count), "most shards; 32"),
            Key("merge_strategy", .choice(MergeStrategy.allCases.map(\.rawValue)), "`concat-json`"),
            Key("merge", .block(merge), "options of the strategy"),
            Key("reducer", .modelReference, "the model that merges in place of a strategy"),
            Key("distributed_runtime", .choice(GangPlan.Runtime.allCases.map(\.rawValue)), "gang: what its peers talk"),
            Key("shard_role", .choice(GangPlan.Role.allCases.map(\.rawValue)), "gang: `worker`"),
            Key("cluster_size", .integer(1...1024), "gang: its peers; 1"),
            Key("coordination_port", .integer(1...65_535), "gang: where the head listens"),
            Key("gpu", .boolean, "gang: every peer has a GPU; false"),
            Key("start_window", .duration(zeroAllowed: false), "gang: until every peer is ready; 60s"),
        ])

    package static let merge = KeyBlock(
        "merge",
        [
            Key("conflict", .choice(MergePlan.Conflict.allCases.map(\.rawValue)), "json-merge: `error`"),
            Key("blend", .choice(MergePlan.Blend.allCases.map(\.rawValue)), "tile-stitch: `hard`"),
            Key("iou", .number(0...1), "detections: boxes that overlap this much are one; 0.5"),
            Key("metric", .choice(MergePlan.Metric.allCases.map(\.rawValue)), "detections: `iou`"),
            Key("score", .text, "top-k: the member that ranks; `score`"),
            Key("k", .integer(1...1_000_000), "top-k: how many stay; 1"),
        ])

    /// The keys of `multi_node` that only one split mode knows.
    package static let splitOptions: [String: SplitMode] = [
        "tile_size": .tile, "tile_overlap": .tile, "tile_pad": .tile, "batch_size": .batch,
        "sequence_length": .sequence, "sequence_overlap": .sequence, "sequence_unit": .sequence,
        "candidates": .candidates, "seed": .candidates,
    ]

    /// The keys of `merge` that only one strategy knows.
    package static let mergeOptions: [String: MergeStrategy] = [
        "conflict": .jsonMerge, "blend": .tileStitch, "iou": .detections, "metric": .detections, "score": .topK,
        "k": .topK,
    ]

    /// The keys of `multi_node` that only gangs know.
    package static let gangOptions: Set<String> = [
        "shard_role", "cluster_size", "coordination_port", "gpu", "start_window",
    ]
}
