import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan
import ImflowSyntax
import Testing

/// Every key that the contract names is in the table, and none twice.
@Suite struct KeyTableTests {
    @Test func manifestsHaveTheirKeys() {
        let names = [
            "name", "version", "description", "labels", "image", "entrypoint", "runtime", "protocol", "port", "path",
            "health", "concurrency", "env", "hooks", "resources", "requires", "input_schema", "output_schema",
            "multi_node",
            "chained_models", "max_parallel", "hedge", "retry", "timeout", "on_failure", "min_success_ratio", "cache",
        ]
        for name in names { #expect(KeyTable.manifest[name] != nil, "\(name)") }
    }

    @Test func stagesHaveTheirKeys() {
        let common = [
            "name", "input_key", "output_key", "needs", "soft_needs", "repeat", "max_parallel", "hedge", "input", "when", "priority", "multi_node", "retry", "timeout",
            "on_failure", "min_success_ratio", "cache",
        ]
        for name in common + ["model_id"] { #expect(KeyTable.chainedModel[name] != nil, "\(name)") }
        for name in common + ["model"] { #expect(KeyTable.jobStage[name] != nil, "\(name)") }
    }

    @Test func multiNodeHasItsKeys() {
        let names = [
            "enabled", "split_mode", "split_key", "tile_size", "tile_overlap", "tile_pad", "tile_whole", "batch_size", "row_format", "row_header", "row_delimiter", "audio_length", "audio_overlap",
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

    @Test(arguments: KeyTable.blocks.indices) func keysAreUniqueAndExplained(_ index: Int) {
        let block = KeyTable.blocks[index]
        #expect(Set(block.keys.map(\.name)).count == block.keys.count)
        #expect(!block.meaning.isEmpty)
        for key in block.keys {
            #expect(key.meaning.hasSuffix(".") && block[key.name] === key)
            #expect(key.since.split(separator: ".").count == 2, "\(key.name): \(key.since)")
            switch key.type {
            case .choice(let choices), .choices(let choices): #expect(Set(choices) == Set(key.choiceMeanings.keys))
            default: #expect(key.choiceMeanings.isEmpty)
            }
        }
    }

    /// The choices of a key by its block and name.
    private static let enums: [String: [String]] = [
        "model.yaml.protocol": CallProtocol.allCases.map(\.rawValue),
        "model.yaml.network": NetworkAccess.allCases.map(\.rawValue),
        "multi_node.split_mode": SplitMode.allCases.map(\.rawValue) + ["none"],
        "multi_node.tile_file": TileFile.allCases.map(\.rawValue),
        "multi_node.sequence_unit": SequenceUnit.allCases.map(\.rawValue),
        "multi_node.row_format": RowFormat.allCases.map(\.rawValue),
        "multi_node.row_delimiter": RowDelimiter.allCases.map(\.rawValue),
        "multi_node.merge_strategy": MergeStrategy.allCases.map(\.rawValue),
        "multi_node.distributed_runtime": GangPlan.Runtime.allCases.map(\.rawValue),
        "multi_node.shard_role": GangPlan.Role.allCases.map(\.rawValue),
        "merge.conflict": MergePlan.Conflict.allCases.map(\.rawValue),
        "merge.blend": MergePlan.Blend.allCases.map(\.rawValue),
        "merge.format": MergePlan.Format.allCases.map(\.rawValue),
        "merge.content": MergePlan.Content.allCases.map(\.rawValue),
        "merge.metric": MergePlan.Metric.allCases.map(\.rawValue),
        "retry.retry_on": [Cause.app, .timeout, .oom].map(\.rawValue),
        "requires.arch": ["x86_64", "arm64"],
    ]

    @Test func choicesAreThoseOfTheirTypes() {
        for block in KeyTable.blocks {
            for key in block.keys {
                guard case .choice(let choices) = key.type else { continue }
                let expected =
                    key.name == "on_failure"
                    ? FailurePolicy.allCases.map(\.rawValue) : Self.enums["\(block.name).\(key.name)"]
                #expect(choices == expected, "\(block.name).\(key.name)")
            }
        }
        guard case .choices(let causes)? = KeyTable.retry["retry_on"]?.type else {
            Issue.record("retry_on takes no choices")
            return
        }
        #expect(causes == Self.enums["retry.retry_on"])
    }

    @Test func optionsAreOfTheirModes() {
        #expect(KeyTable.splitOptions["tile_pad"] == [.tile] && KeyTable.splitOptions["seed"] == [.candidates])
        #expect(KeyTable.splitOptions["batch_size"] == [.batch, .rows])
        #expect(KeyTable.splitOptions.count == 16 && KeyTable.splitOptions["max_shards"] == nil)
        #expect(KeyTable.mergeOptions["k"] == .topK && KeyTable.mergeOptions["conflict"] == .jsonMerge)
        #expect(Set(KeyTable.mergeOptions.keys) == Set(KeyTable.merge.keys.map(\.name)))
        #expect(KeyTable.gangOptions == ["shard_role", "cluster_size", "coordination_port", "gpu", "start_window"])
    }

    // MARK: Defaults

    private struct Default: CustomTestStringConvertible {
        let block: KeyBlock
        let key: Key
        let text: String
        var testDescription: String { "\(block.name).\(key.name): \(text)" }
    }

    private static let defaults = KeyTable.blocks.flatMap { block in
        block.keys.compactMap { key in key.defaultValue.map { Default(block: block, key: key, text: $0) } }
    }

    @Test func theContractsDefaultsAreThere() {
        let found = Set(Self.defaults.map(\.testDescription))
        for text in [
            "model.yaml.port: 9000", "model.yaml.path: /inference", "model.yaml.health: /health",
            "model.yaml.concurrency: 1",
            "multi_node.max_shards: 32", "multi_node.merge_strategy: concat-json", "multi_node.start_window: 60s",
            "multi_node.sequence_unit: words", "retry.maximum_attempts: 1", "model.yaml.cache: false",
            "retry.retry_on: [app, timeout, oom]",
        ] { #expect(found.contains(text), "\(text)") }
    }

    /// What the key's own block, or for `merge` the block around it, says beside the key, so that it has a meaning.
    private func surroundings(_ block: KeyBlock, _ name: String) -> JSONObject {
        if let mode = KeyTable.splitOptions[name]?.first, block.name == "multi_node" {
            return ["split_mode": .string(mode.rawValue)]
        }
        if let strategy = KeyTable.mergeOptions[name], block.name == "merge" {
            let mode = strategy == .tileStitch ? "tile" : "batch"
            return ["split_mode": .string(mode), "merge_strategy": .string(strategy.rawValue)]
        }
        if block.name == "model.yaml", ["port", "path", "health"].contains(name) { return ["protocol": "rest"] }
        if block.name != "multi_node" { return [:] }
        return KeyTable.gangOptions.contains(name) ? ["distributed_runtime": "ray"] : ["split_mode": "batch"]
    }

    /// The plan of a file with the key; a nil value: without it.
    private func plan(_ block: KeyBlock, _ name: String, _ value: JSONValue?) throws -> String {
        var own: JSONObject = block.name == "merge" ? [:] : surroundings(block, name)
        own[name] = value
        var document = KeySamples.document(block, own)
        if block.name == "merge" {
            var around = surroundings(block, name)
            around["merge"] = .object(own)
            document = KeySamples.document(KeyTable.multiNode, around)
        }
        return try plan(document)
    }

    /// The plan of a document as JSON, beside a model `worker`.
    private func plan(_ document: KeySamples.Document) throws -> String {
        guard case .object(var members) = document.value else { return "" }
        if document.kind == .job {
            if members["job_graph"] == nil { members["model"] = "worker" }
        } else {
            members["name"] = "sample"
            if members["chained_models"] == nil { members["entrypoint"] = ["./run"] }
        }
        let path = document.kind == .job ? "job.json" : "sample/model.yaml"
        let compilation = MemoryFiles([
            path: (.object(members) as JSONValue).text,
            "models/worker/model.yaml": "name: worker\nentrypoint: [./run]\n",
        ]).compile(path)
        let found = DiagnosticRenderer(.full).render(compilation.diagnostics)
        return try Corpus.json(try #require(compilation.plan, "\(found)"))
    }

    /// A default that is written out changes nothing, and is of its key's type.
    @Test(arguments: defaults.indices) func writingADefaultChangesNothing(_ index: Int) throws {
        let entry = Self.defaults[index]
        let parsed = parseYAML(Source(name: "default.yaml", bytes: Array(entry.text.utf8)))
        let value = try #require(try parsed.tree.root?.json(), "\(entry.testDescription)")
        let without = try plan(entry.block, entry.key.name, nil)
        #expect(try plan(entry.block, entry.key.name, value) == without, "\(entry.testDescription)")
    }

    /// The test above sees a value that is no default.
    @Test func writingAnotherValueChangesThePlan() throws {
        for (block, name, other) in [
            (KeyTable.manifest, "port", 9001), (KeyTable.retry, "maximum_attempts", 2), (KeyTable.merge, "k", 2),
            (KeyTable.multiNode, "cluster_size", 2), (KeyTable.jobStage, "priority", 1),
        ] as [(KeyBlock, String, Int64)] {
            #expect(try plan(block, name, .int(other)) != plan(block, name, nil), "\(name)")
        }
    }
}
