import ImflowJSON

// Models: every key of the table, drawn within its rules.
extension WorkspaceDrawing {
    /// How a split changes what a model publishes.
    private struct Split {
        var block: JSONObject
        /// What one unit answers.
        var unitSchema: JSONValue?
        var merged: Port.Kind
        var limit: Int
    }

    /// A model that takes `inputs`. `isOpen`: it may get more than these.
    mutating func modelOf(inputs: [Port], isOpen: Bool) -> DrawnModel {
        let name = fresh("tool")
        var manifest: JSONObject = ["name": .string(name)]
        if dice.oneIn(12) { manifest = [:] }
        var reference = name
        if dice.oneIn(3) {
            let version = dice.pick("1.10", "2.0.1", "latest", "é-1")
            manifest["version"] = .string(version)
            if dice.oneIn(2) { reference += "@" + version }
        }
        manifest.merge(describing()) { own, _ in own }
        manifest.merge(running()) { own, _ in own }
        let split = dice.oneIn(3) ? self.split(inputs) : nil
        manifest["input_schema"] = schema(inputs, isClosed: !isOpen && split == nil && dice.oneIn(2))
        var model = DrawnModel(reference: reference, outputs: [], shardLimit: split?.limit)
        if let split {
            manifest["multi_node"] = .object(dice.oneIn(2) ? shuffled(split.block) : split.block)
            manifest["output_schema"] = split.unitSchema
            model.outputs = [Port(name: fresh("merged"), kind: split.merged)]
        } else {
            model.outputs = (0..<dice.pick(1, 1, 2, 3)).map { _ in Port.drawn(fresh("out"), &dice) }
            manifest["output_schema"] = schema(model.outputs, isClosed: dice.oneIn(2))
            if dice.oneIn(5) { manifest["multi_node"] = .object(gang()) }
        }
        if dice.oneIn(2) { manifest.merge(policies(splits: split != nil)) { own, _ in own } }
        if dice.oneIn(8), case .object(var resources)? = manifest["resources"] {
            resources["memory_max"] = "8Gi"
            manifest["resources"] = .object(resources)
            manifest["retry"] = ["maximum_attempts": 2, "retry_on": ["oom"]]
        }
        if dice.oneIn(6) { manifest["max_parallel"] = .int(Int64(dice.int(1...64))) }
        if dice.oneIn(4) { manifest["x-\(name)"] = ["own": ["é", 1.5]] }
        add(dice.oneIn(3) ? shuffled(manifest) : manifest, name: name)
        return model
    }

    mutating func words() -> String {
        dice.pick("reads pages", "line one\nline two", "é 😀 schön", "a: b", "# no comment", "it's", "\"", "no", "~")
    }

    private mutating func describing() -> JSONObject {
        var members: JSONObject = [:]
        if dice.oneIn(2) { members["description"] = .string(words()) }
        if dice.oneIn(4) { members["labels"] = ["team": .string(words()), "tier": "on"] }
        if dice.oneIn(4) {
            members["requires"] = ["tier": "1", "region": "eu", "arch": "x86_64", "labels": ["disk": "fast"]]
        }
        return members
    }

    private mutating func running() -> JSONObject {
        var members: JSONObject = [:]
        let call = dice.pick("rest", "exec", "jsonl")
        if dice.oneIn(2) {
            members["image"] = .string("example.org/team/tool@sha256:" + String(repeating: "0a1b2c3d", count: 8))
        }
        if members["image"] == nil || dice.oneIn(2) {
            if dice.oneIn(3) {
                members["runtime"] = "python3.11"
                members["entrypoint"] = "serve.py --quiet"
            } else {
                members["entrypoint"] = ["./serve", "--level", .string(words()), ""]
            }
        }
        members["protocol"] = .string(call)
        if call == "rest" {
            members["port"] = .int(Int64(dice.int(8000...8999)))
            if dice.oneIn(2) { members["path"] = "/v1/run" }
            if dice.oneIn(2) { members["health"] = "/ready" }
            if dice.oneIn(2) { members["concurrency"] = .int(Int64(dice.int(1...16))) }
        }
        if call != "exec", dice.oneIn(4) {
            members["hooks"] = ["init": ["./fetch"], "warmup": "./warm --once", "health": ["./ok"]]
        }
        if dice.oneIn(3) { members["env"] = ["LEVEL": .string(words()), "MODE": "${MODE}"] }
        if dice.oneIn(2) { members["resources"] = .object(resources()) }
        return members
    }

    private mutating func resources() -> JSONObject {
        var members: JSONObject = [:]
        if dice.oneIn(2) { members["cpu"] = dice.pick(1, 2, .number(0.5)) }
        members["memory"] = .string(dice.pick("4Gi", "512Mi", "1.5G", "2000000000"))
        if dice.oneIn(3) { members["disk"] = .string(dice.pick("10Gi", "900M")) }
        return members
    }

    // MARK: multi_node

    private mutating func split(_ inputs: [Port]) -> Split? {
        guard let port = dice.pick(inputs.filter { [.text, .url, .list].contains($0.kind) }) else { return nil }
        var block: JSONObject = [:]
        if dice.oneIn(2) { block["enabled"] = true }
        let unitSchema: JSONValue?
        let merged: Port.Kind
        switch port.kind {
        case .url:
            block["split_mode"] = "tile"
            let size = dice.int(64...2048)
            block["tile_size"] = dice.oneIn(2) ? .int(Int64(size)) : [.int(Int64(size)), .int(Int64(size + 1))]
            if dice.oneIn(2) { block["tile_overlap"] = .int(Int64(dice.int(0...size / 2 - 1))) }
            if dice.oneIn(2) { block["tile_pad"] = true }
            (unitSchema, merged) = tileMerge(&block)
            if dice.oneIn(4), block["merge_strategy"] != "tile-stitch" { block["tile_whole"] = true }
        case .list:
            block["split_mode"] = "batch"
            block["batch_size"] = .int(Int64(dice.int(1...64)))
            (unitSchema, merged) = textMerge(&block)
        default:
            if dice.oneIn(2) {
                block["split_mode"] = "sequence"
                let length = dice.int(10...4000)
                block["sequence_length"] = .int(Int64(length))
                if dice.oneIn(2) { block["sequence_overlap"] = .int(Int64(dice.int(0...length / 2 - 1))) }
                if dice.oneIn(2) { block["sequence_unit"] = .string(dice.pick("chars", "words", "lines")) }
            } else {
                block["split_mode"] = "lines"
            }
            (unitSchema, merged) = textMerge(&block)
        }
        block["split_key"] = .string(port.name)
        var limit = 32
        if dice.oneIn(2) {
            limit = dice.int(1...200)
            block["max_shards"] = .int(Int64(limit))
        }
        return Split(block: block, unitSchema: unitSchema, merged: merged, limit: limit)
    }

    private mutating func tileMerge(_ block: inout JSONObject) -> (JSONValue?, Port.Kind) {
        switch dice.int(0...2) {
        case 0:
            block["merge_strategy"] = "detections"
            if dice.oneIn(2) { block["merge"] = ["iou": 0.5, "metric": "ios"] }
            return (nil, .any)
        case 1:
            block["merge_strategy"] = "tile-stitch"
            if dice.oneIn(2) { block["merge"] = ["blend": "feather"] }
            return (nil, .any)
        default:
            if dice.oneIn(2) { block["merge_strategy"] = "concat-json" }
            return (["type": "object", "properties": ["text": ["type": "string"]]], .list)
        }
    }

    private mutating func textMerge(_ block: inout JSONObject) -> (JSONValue?, Port.Kind) {
        switch dice.int(0...3) {
        case 0:
            block["merge_strategy"] = "concat-text"
            return (["type": "string"], .text)
        case 1:
            block["merge_strategy"] = "top-k"
            block["merge"] = ["k": 3, "score": "score"]
            return (["type": "object", "properties": ["score": ["type": "number"]]], .any)
        case 2:
            let name = fresh("reducer")
            add(["name": .string(name), "entrypoint": ["./reduce"]], name: name)
            block["reducer"] = .string(name)
            return (nil, .any)
        default:
            block["merge_strategy"] = "concat-json"
            return (["type": "array"], .list)
        }
    }

    private mutating func gang() -> JSONObject {
        nextPort += 1
        return [
            "distributed_runtime": .string(dice.pick("ray", "torch", "mpi", "horovod")),
            "shard_role": "worker", "cluster_size": .int(Int64(dice.int(2...16))),
            "coordination_port": .int(Int64(nextPort)), "gpu": .bool(dice.oneIn(2)), "start_window": "2m",
        ]
    }

    // MARK: Policies

    mutating func policies(splits: Bool) -> JSONObject {
        var members: JSONObject = [:]
        if dice.oneIn(2) { members["timeout"] = .string(dice.pick("10m", "1h30m", "900s")) }
        if dice.oneIn(4) { members["queue_timeout"] = .string(dice.pick("1h", "30m")) }
        if dice.oneIn(3) {
            members["retry"] = [
                "maximum_attempts": .int(Int64(dice.int(2...5))), "initial_interval": "500ms",
                "backoff_coefficient": dice.pick(2, 1.5), "maximum_interval": "20s", "retry_on": ["app"],
            ]
        }
        if dice.oneIn(5) { members["cache"] = .bool(dice.oneIn(2)) }
        if splits, dice.oneIn(4) {
            members["hedge"] = dice.oneIn(2) ? true : ["factor": 1.5, "quantile": 0.5, "budget": 0.25]
        }
        if splits, dice.oneIn(3) {
            members["on_failure"] = "partial"
            members["min_success_ratio"] = 0.9
        }
        return members
    }
}
