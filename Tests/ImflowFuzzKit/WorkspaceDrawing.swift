import ImflowJSON

/// Draws models, pipelines and jobs that fit together: every name that a stage asks for is published before, with the
/// type that is asked for, and every file is reached by a job.
struct WorkspaceDrawing {
    var dice: Dice
    private var files: [DrawnWorkspace.File] = []
    private var counter = 0
    /// Ports of gangs, each for itself.
    var nextPort = 20_000

    init(_ dice: Dice) { self.dice = dice }

    mutating func workspace() -> DrawnWorkspace {
        for number in 0..<dice.int(1...2) {
            let isJSON = dice.oneIn(2)
            let folder = dice.pick("", "", "jobs/")
            let value = dice.oneIn(5) ? singleJob() : graphJob()
            files.append(.init(path: "\(folder)n\(number).job.\(isJSON ? "json" : "yaml")", value: .object(value)))
        }
        return DrawnWorkspace(files: files)
    }

    /// A name that nothing else has.
    mutating func fresh(_ stem: String) -> String {
        counter += 1
        return stem + String(counter)
    }

    mutating func add(_ manifest: JSONObject, name: String) {
        let folder = dice.pick("models/", "models/deep/", "Manifests/", "")
        files.append(.init(path: "\(folder)\(name)/model.yaml", value: .object(manifest)))
    }

    // MARK: Jobs

    private mutating func singleJob() -> JSONObject {
        let ports = (0..<dice.int(1...3)).map { _ in Port.drawn(fresh("in"), &dice) }
        let model = modelOf(inputs: ports, isOpen: false)
        var job: JSONObject = ["model": .string(model.reference), "input": input(ports, &dice)]
        if model.shardLimit != nil, dice.oneIn(2) { job["shard_count"] = 1 }
        return frame(job)
    }

    private mutating func graphJob() -> JSONObject {
        let ports = (0..<dice.int(1...3)).map { _ in Port.drawn(fresh("in"), &dice) }
        let graph = graph(given: ports, modelKey: "model", depth: 0)
        var job: JSONObject = ["input": input(ports, &dice), "job_graph": ["stages": .array(graph.stages)]]
        if graph.shardLimit != nil, dice.oneIn(2) { job["shard_count"] = 1 }
        return frame(job)
    }

    private func input(_ ports: [Port], _ dice: inout Dice) -> JSONValue {
        var members: JSONObject = [:]
        for port in ports { members[port.name] = port.value(&dice) }
        return .object(members)
    }

    private mutating func frame(_ job: JSONObject) -> JSONObject {
        var framed: JSONObject = [:]
        if dice.oneIn(2) { framed["job_id"] = .string(fresh("job-")) }
        if dice.oneIn(3) { framed["priority"] = .int(Int64(dice.int(-9...9))) }
        if dice.oneIn(5) { framed["max_parallel"] = .int(Int64(dice.int(1...9))) }
        framed.merge(job) { own, _ in own }
        if dice.oneIn(3) { framed.merge(policies(splits: false)) { own, _ in own } }
        if dice.oneIn(4) { framed["x-note"] = ["by": "é 😀", "n": 1] }
        return framed
    }

    // MARK: Graphs

    struct Graph {
        var stages: [JSONValue]
        /// What the last stage publishes.
        var outputs: [Port]
        /// `max_shards` of the first stage that splits.
        var shardLimit: Int?
    }

    /// One stage of a graph that is being drawn.
    private struct Node {
        var stage: JSONObject
        var name: String
        /// The stages that it needs, also through others.
        var ancestors: Set<Int>
        var outputs: [Port]
        var isConsumed = false
    }

    /// Stages that need one another and what is `given`; the last one needs all that nothing else does.
    mutating func graph(given: [Port], modelKey: String, depth: Int) -> Graph {
        let count = dice.int(1...6)
        let isChain = dice.oneIn(3)
        var nodes: [Node] = []
        var shardLimit: Int?
        for index in 0..<count {
            let isLast = index == count - 1
            var needs: [Int] = []
            if isChain {
                needs = index > 0 ? [index - 1] : []
            } else if isLast {
                needs = nodes.indices.filter { !nodes[$0].isConsumed }
            } else if index > 0, !dice.oneIn(3) {
                needs = Array(Set((0..<dice.int(1...2)).map { _ in dice.int(0...index - 1) })).sorted()
            }
            for need in needs { nodes[need].isConsumed = true }
            let isSoft = !isChain && needs.count > 1 && dice.oneIn(6)
            if isSoft, let need = needs.last, nodes[need].stage["on_failure"] == nil {
                nodes[need].stage["on_failure"] = "continue"
            }
            let ancestors = needs.reduce(into: Set(needs)) { $0.formUnion(nodes[$1].ancestors) }
            let reach = ancestors.sorted(by: >).flatMap { nodes[$0].outputs } + given
            var drawn = stage(reach, takesAll: isLast && index > 0, modelKey, depth)
            var names = needs.map { JSONValue.string(nodes[$0].name) }
            if isSoft { drawn.stage["soft_needs"] = [names.removeLast()] }
            if !isChain, !needs.isEmpty { drawn.stage["needs"] = .array(names) }
            if !isChain, index == 0, count > 1, dice.oneIn(2) { drawn.stage["needs"] = [] }
            if shardLimit == nil { shardLimit = drawn.shardLimit }
            nodes.append(
                Node(stage: drawn.stage, name: drawn.name, ancestors: ancestors, outputs: drawn.outputs))
        }
        // Without a `needs` anywhere the stages would be a chain.
        if !isChain, count > 1, !nodes.contains(where: { $0.stage["needs"] != nil }) { nodes[0].stage["needs"] = [] }
        return Graph(
            stages: nodes.map { .object($0.stage) }, outputs: nodes.last?.outputs ?? [], shardLimit: shardLimit)
    }

    private struct DrawnStage {
        var stage: JSONObject
        var name: String
        var outputs: [Port]
        var shardLimit: Int?
    }

    /// `takesAll`: it reads all that it can reach, so that nothing was published in vain.
    private mutating func stage(
        _ reach: [Port], takesAll: Bool, _ modelKey: String, _ depth: Int
    ) -> DrawnStage {
        let byKey = !takesAll && dice.oneIn(2) ? dice.pick(reach.filter(\.isTyped)) : nil
        var inputs = byKey.map { [$0] } ?? Array(reach.prefix(dice.int(1...4)))
        var literal: JSONObject = [:]
        if dice.oneIn(4) {
            let port = Port.drawn(fresh("lit"), kinds: [.text, .count], &dice)
            literal[port.name] = port.value(&dice)
            inputs.append(port)
        }
        let isPipeline = !takesAll && depth < 2 && dice.oneIn(6)
        let model = isPipeline ? pipelineOf(inputs, depth) : modelOf(inputs: inputs, isOpen: byKey == nil)
        let name = fresh("s")
        var stage: JSONObject = ["name": .string(name), modelKey: .string(model.reference)]
        if let byKey { stage["input_key"] = .string(byKey.name) }
        if !literal.isEmpty { stage["input"] = .object(literal) }
        var outputs = model.outputs
        // One output under its own name is published as it is; the result of a merge takes the name it is given.
        if outputs.count == 1 { stage["output_key"] = .string(outputs[0].name) } else if !model.publishesMembers { outputs = [] }
        if dice.oneIn(4), let port = byKey { stage["when"] = .string("\(port.name) != null") }
        if outputs.count == 1, stage["output_key"] != nil, dice.oneIn(6) {
            let times = JSONValue.int(Int64(dice.int(2...3)))
            stage["repeat"] = ["times": times, "until": .string("\(outputs[0].name) != null")]
        }
        if !isPipeline, dice.oneIn(6) { stage["max_parallel"] = .int(Int64(dice.int(1...64))) }
        if dice.oneIn(4) { stage["priority"] = .int(Int64(dice.int(-99...99))) }
        if dice.oneIn(4) { stage.merge(policies(splits: model.shardLimit != nil && !isPipeline)) { own, _ in own } }
        if dice.oneIn(2) { stage = shuffled(stage) }
        return DrawnStage(stage: stage, name: name, outputs: outputs, shardLimit: model.shardLimit)
    }

    mutating func shuffled(_ members: JSONObject) -> JSONObject {
        let pairs = members.map { ($0.key, $0.value) }.shuffled(using: &dice)
        return JSONObject(pairs, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Pipelines

    private mutating func pipelineOf(_ inputs: [Port], _ depth: Int) -> DrawnModel {
        let name = fresh("line")
        let graph = graph(given: inputs, modelKey: "model_id", depth: depth + 1)
        var manifest: JSONObject = ["name": .string(name)]
        if dice.oneIn(2) { manifest["description"] = .string(words()) }
        manifest["input_schema"] = schema(inputs, isClosed: false)
        if graph.outputs.count == 1, dice.oneIn(2) {
            manifest["output_schema"] = schema(graph.outputs, isClosed: false)
        }
        manifest["chained_models"] = .array(graph.stages)
        if dice.oneIn(3) { manifest.merge(policies(splits: false)) { own, _ in own } }
        add(manifest, name: name)
        return DrawnModel(
            reference: name, outputs: graph.outputs.count == 1 ? graph.outputs : [], shardLimit: graph.shardLimit)
    }

    func schema(_ ports: [Port], isClosed: Bool) -> JSONValue {
        var properties: JSONObject = [:]
        for port in ports { properties[port.name] = port.schema }
        var schema: JSONObject = [
            "type": "object", "properties": .object(properties), "required": .array(ports.map { .string($0.name) }),
        ]
        if isClosed { schema["additionalProperties"] = false }
        return .object(schema)
    }
}

/// A model that was drawn, as its callers see it.
struct DrawnModel {
    var reference: String
    var outputs: [Port]
    /// `max_shards` of a model that splits.
    var shardLimit: Int?
    /// Whether its outputs are the members of its result.
    var publishesMembers = true
}

/// A name in a context, and what stands there.
struct Port {
    enum Kind: CaseIterable { case text, url, count, score, flag, list, record, any }

    var name: String
    var kind: Kind

    static func drawn(_ stem: String, kinds: [Kind] = Kind.allCases.filter { $0 != .any }, _ dice: inout Dice) -> Port {
        let kind = dice.pick(kinds) ?? .text
        return Port(name: kind == .url ? stem + "_url" : stem, kind: kind)
    }

    var isTyped: Bool { kind != .any }

    var schema: JSONValue {
        switch kind {
        case .text: ["type": "string"]
        case .url: ["type": "string", "format": "uri"]
        case .count: ["type": "integer"]
        case .score: ["type": "number"]
        case .flag: ["type": "boolean"]
        case .list: ["type": "array"]
        case .record: ["type": "object"]
        case .any: [:]
        }
    }

    func value(_ dice: inout Dice) -> JSONValue {
        switch kind {
        case .text: .string(dice.pick("a text", "é 😀", "no", "1.10", "two\nlines", "a: b # c", "'", "\"\\"))
        case .url: .string(dice.pick("https://example.org/a.png", "ipfs://QmY", "data:,a"))
        case .count: .int(Int64(dice.int(-5...5000)))
        case .score: .number(Double(dice.int(0...100)) / 8)
        case .flag: .bool(dice.oneIn(2))
        case .list: [1, "b", [true]]
        case .record: ["a": 1, "é": [2]]
        case .any: .null
        }
    }
}
