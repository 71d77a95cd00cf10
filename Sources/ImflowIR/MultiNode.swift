package import ImflowDiagnostics
package import ImflowPlan

/// `multi_node` as written (SPEC section 4); nil: not said here.
package struct MultiNode: Sendable {
    /// The place of the block.
    package var span: Span
    package var enabled: Located<Bool>?
    /// Nil: not said, or `none`, which ``isUnsplit`` tells.
    package var splitMode: Located<SplitMode>?
    /// `split_mode: none`.
    package var isUnsplit = false
    package var splitKey: Located<String>?
    package var tileSize: Located<Pair>?
    package var tileOverlap: Located<Pair>?
    package var tilePad: Located<Bool>?
    package var tileWhole: Located<Bool>?
    package var tileFile: Located<TileFile>?
    package var batchSize: Located<Int>?
    package var sequenceLength: Located<Int>?
    package var sequenceOverlap: Located<Int>?
    package var sequenceUnit: Located<SequenceUnit>?
    package var candidates: Located<Int>?
    package var seed: Located<Int>?
    package var rowFormat: Located<RowFormat>?
    package var rowHeader: Located<Bool>?
    package var rowDelimiter: Located<RowDelimiter>?
    package var audioLength: Located<TimeSpan>?
    package var audioOverlap: Located<TimeSpan>?
    package var maxShards: Located<Int>?
    package var mergeStrategy: Located<MergeStrategy>?
    package var merge: MergeDeclaration?
    package var reducer: Located<ModelReference>?
    package var distributedRuntime: Located<GangPlan.Runtime>?
    package var shardRole: Located<GangPlan.Role>?
    package var clusterSize: Located<Int>?
    package var coordinationPort: Located<Int>?
    package var gpu: Located<Bool>?
    package var startWindow: Located<TimeSpan>?
    /// The keys that are written, and where.
    package var keys = KeyPlaces()
    /// The keys whose values were reported: what they were to say is not known.
    package var broken: Set<String> = []

    /// A block at `span` that says nothing.
    package init(span: Span) { self.span = span }

    init(_ fields: Fields) {
        span = fields.span
        enabled = fields.boolean("enabled")
        splitMode = fields.choice("split_mode", SplitMode.self)
        isUnsplit = fields.text("split_mode")?.value == "none"
        splitKey = fields.text("split_key")
        tileSize = fields.pair("tile_size")
        tileOverlap = fields.pair("tile_overlap")
        tilePad = fields.boolean("tile_pad")
        tileWhole = fields.boolean("tile_whole")
        tileFile = fields.choice("tile_file", TileFile.self)
        batchSize = fields.integer("batch_size")
        sequenceLength = fields.integer("sequence_length")
        sequenceOverlap = fields.integer("sequence_overlap")
        sequenceUnit = fields.choice("sequence_unit", SequenceUnit.self)
        candidates = fields.integer("candidates")
        seed = fields.integer("seed")
        rowFormat = fields.choice("row_format", RowFormat.self)
        rowHeader = fields.boolean("row_header")
        rowDelimiter = fields.choice("row_delimiter", RowDelimiter.self)
        audioLength = fields.duration("audio_length")
        audioOverlap = fields.duration("audio_overlap")
        maxShards = fields.integer("max_shards")
        mergeStrategy = fields.choice("merge_strategy", MergeStrategy.self)
        merge = fields.fields("merge").map { MergeDeclaration($0.value) }
        reducer = fields.reference("reducer")
        distributedRuntime = fields.choice("distributed_runtime", GangPlan.Runtime.self)
        shardRole = fields.choice("shard_role", GangPlan.Role.self)
        clusterSize = fields.integer("cluster_size")
        coordinationPort = fields.integer("coordination_port")
        gpu = fields.boolean("gpu")
        startWindow = fields.duration("start_window")
        keys = fields.keys
        broken = fields.broken
    }

    /// This block where it says something, else `weaker`'s. `merge` is laid over member by member.
    package func over(_ weaker: MultiNode) -> MultiNode {
        var merged = self
        merged.enabled = enabled ?? weaker.enabled
        if splitMode == nil, !isUnsplit {
            merged.splitMode = weaker.splitMode
            merged.isUnsplit = weaker.isUnsplit
        }
        merged.splitKey = splitKey ?? weaker.splitKey
        merged.tileSize = tileSize ?? weaker.tileSize
        merged.tileOverlap = tileOverlap ?? weaker.tileOverlap
        merged.tilePad = tilePad ?? weaker.tilePad
        merged.tileWhole = tileWhole ?? weaker.tileWhole
        merged.tileFile = tileFile ?? weaker.tileFile
        merged.batchSize = batchSize ?? weaker.batchSize
        merged.sequenceLength = sequenceLength ?? weaker.sequenceLength
        merged.sequenceOverlap = sequenceOverlap ?? weaker.sequenceOverlap
        merged.sequenceUnit = sequenceUnit ?? weaker.sequenceUnit
        merged.candidates = candidates ?? weaker.candidates
        merged.seed = seed ?? weaker.seed
        merged.rowFormat = rowFormat ?? weaker.rowFormat
        merged.rowHeader = rowHeader ?? weaker.rowHeader
        merged.rowDelimiter = rowDelimiter ?? weaker.rowDelimiter
        merged.audioLength = audioLength ?? weaker.audioLength
        merged.audioOverlap = audioOverlap ?? weaker.audioOverlap
        merged.maxShards = maxShards ?? weaker.maxShards
        if mergeStrategy == nil, reducer == nil {
            merged.mergeStrategy = weaker.mergeStrategy
            merged.reducer = weaker.reducer
        }
        merged.merge = merge.map { own in weaker.merge.map(own.over) ?? own } ?? weaker.merge
        return merged.withGang(over: weaker)
    }

    private func withGang(over weaker: MultiNode) -> MultiNode {
        var merged = self
        merged.distributedRuntime = distributedRuntime ?? weaker.distributedRuntime
        merged.shardRole = shardRole ?? weaker.shardRole
        merged.clusterSize = clusterSize ?? weaker.clusterSize
        merged.coordinationPort = coordinationPort ?? weaker.coordinationPort
        merged.gpu = gpu ?? weaker.gpu
        merged.startWindow = startWindow ?? weaker.startWindow
        merged.keys = keys.over(weaker.keys)
        if !weaker.broken.isEmpty { merged.broken = broken.union(weaker.broken.filter { keys[$0] == nil }) }
        return merged
    }

    /// Whether the block is in force.
    package var isEnabled: Bool { enabled?.value ?? true }
    /// Whether a stage with this block is cut into units.
    package var splits: Bool { isEnabled && splitMode != nil }
    /// Whether a stage with this block runs as a gang.
    package var gangs: Bool { isEnabled && distributedRuntime != nil }
    /// Most shards, with the default.
    package var shardLimit: Int { maxShards?.value ?? 32 }
}

/// `merge` as written.
package struct MergeDeclaration: Sendable {
    /// The place of the block.
    package var span: Span
    package var conflict: Located<MergePlan.Conflict>?
    package var blend: Located<MergePlan.Blend>?
    package var format: Located<MergePlan.Format>?
    package var content: Located<MergePlan.Content>?
    package var fill: Located<MergePlan.Fill>?
    package var iou: Located<Double>?
    package var metric: Located<MergePlan.Metric>?
    package var nms: Located<Double>?
    package var classAgnostic: Located<Bool>?
    package var score: Located<String>?
    package var k: Located<Int>?
    /// The keys that are written, and where.
    package var keys: KeyPlaces

    init(_ fields: Fields) {
        span = fields.span
        conflict = fields.choice("conflict", MergePlan.Conflict.self)
        blend = fields.choice("blend", MergePlan.Blend.self)
        format = fields.choice("format", MergePlan.Format.self)
        content = fields.choice("content", MergePlan.Content.self)
        fill = fields.fill("fill")
        iou = fields.number("iou")
        metric = fields.choice("metric", MergePlan.Metric.self)
        nms = fields.number("nms")
        classAgnostic = fields.boolean("class_agnostic")
        score = fields.text("score")
        k = fields.integer("k")
        keys = fields.keys
    }

    func over(_ weaker: MergeDeclaration) -> MergeDeclaration {
        var merged = self
        merged.conflict = conflict ?? weaker.conflict
        merged.blend = blend ?? weaker.blend
        merged.format = format ?? weaker.format
        merged.content = content ?? weaker.content
        merged.fill = fill ?? weaker.fill
        merged.iou = iou ?? weaker.iou
        merged.metric = metric ?? weaker.metric
        merged.nms = nms ?? weaker.nms
        merged.classAgnostic = classAgnostic ?? weaker.classAgnostic
        merged.score = score ?? weaker.score
        merged.k = k ?? weaker.k
        merged.keys = keys.over(weaker.keys)
        return merged
    }
}
