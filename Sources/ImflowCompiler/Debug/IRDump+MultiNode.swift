import ImflowIR
import ImflowJSON
import ImflowPlan

extension IRDump {
    func multiNode(_ block: MultiNode) -> JSONValue {
        var dump = FieldDump(spans: spans)
        dump.add("enabled", block.enabled)
        dump.add("split_mode", block.splitMode)
        if block.isUnsplit { dump.add("split_mode", "none", at: nil, key: block.keys["split_mode"]) }
        dump.add("split_key", block.splitKey)
        dump.add("tile_size", block.tileSize)
        dump.add("tile_overlap", block.tileOverlap)
        dump.add("tile_pad", block.tilePad)
        dump.add("tile_whole", block.tileWhole)
        dump.add("tile_file", block.tileFile)
        dump.add("batch_size", block.batchSize)
        dump.add("sequence_length", block.sequenceLength)
        dump.add("sequence_overlap", block.sequenceOverlap)
        dump.add("sequence_unit", block.sequenceUnit)
        dump.add("candidates", block.candidates)
        dump.add("seed", block.seed)
        dump.add("row_format", block.rowFormat)
        dump.add("row_header", block.rowHeader)
        dump.add("row_delimiter", block.rowDelimiter)
        dump.add("audio_length", block.audioLength, time)
        dump.add("audio_overlap", block.audioOverlap, time)
        dump.add("max_shards", block.maxShards)
        dump.add("merge_strategy", block.mergeStrategy)
        dump.add("merge", block.merge.map(merge), at: block.merge?.span, key: block.keys["merge"])
        dump.add("reducer", block.reducer)
        dump.add("distributed_runtime", block.distributedRuntime)
        dump.add("shard_role", block.shardRole)
        dump.add("cluster_size", block.clusterSize)
        dump.add("coordination_port", block.coordinationPort)
        dump.add("gpu", block.gpu)
        dump.add("start_window", block.startWindow, time)
        return dump.json
    }

    private func merge(_ merge: MergeDeclaration) -> JSONValue {
        var dump = FieldDump(spans: spans)
        dump.add("conflict", merge.conflict)
        dump.add("blend", merge.blend)
        dump.add("format", merge.format)
        dump.add("content", merge.content)
        dump.add("fill", merge.fill, fill)
        dump.add("iou", merge.iou)
        dump.add("metric", merge.metric)
        dump.add("nms", merge.nms)
        dump.add("class_agnostic", merge.classAgnostic)
        dump.add("score", merge.score)
        dump.add("k", merge.k)
        return dump.json
    }

    private func fill(_ fill: MergePlan.Fill) -> JSONValue {
        switch fill {
        case .transparent: "transparent"
        case .levels(let levels): .array(levels.map { .number($0) })
        }
    }

    func time(_ time: TimeSpan) -> JSONValue { .int(time.milliseconds) }
    func amount(_ amount: ByteCount) -> JSONValue { .int(amount.bytes) }

    /// `{"line": words}` or `{"argv": words}`.
    func command(_ command: Command) -> JSONValue {
        let words = JSONValue.array(command.words.map(JSONValue.string))
        switch command {
        case .line: return ["line": words]
        case .argv: return ["argv": words]
        }
    }

    /// `{"mode", "size", "overlap"}`; a null mode is `none`.
    func splitStrategy(_ strategy: SplitStrategy) -> JSONValue {
        var members: JSONObject = ["mode": strategy.mode.map { .string($0.rawValue) } ?? .null]
        members["size"] = strategy.size.map { .int(Int64($0)) }
        members["overlap"] = strategy.overlap.map { .int(Int64($0)) }
        return .object(members)
    }

    /// As a list with the operator first: `["and", a, b]`, `["not", a]`, `["has", path]`, `["<", path, literal]`. A path
    /// is the list of its segments.
    func condition(_ condition: Condition) -> JSONValue {
        func path(_ segments: [String]) -> JSONValue { .array(segments.map(JSONValue.string)) }
        switch condition {
        case .truthy(let segments): return ["has", path(segments)]
        case .compare(let segments, let operation, let literal):
            return [.string(operation.rawValue), path(segments), literal]
        case .not(let inner): return ["not", self.condition(inner)]
        case .and(let left, let right): return ["and", self.condition(left), self.condition(right)]
        case .or(let left, let right): return ["or", self.condition(left), self.condition(right)]
        }
    }
}
