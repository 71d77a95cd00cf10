package import ImflowDiagnostics
package import ImflowJSON
package import ImflowPlan

/// A `model.yaml`, typed; what could not be read is absent. A class, since it is large, never changes, and is handed on
/// from phase to phase.
package final class Manifest: Sendable {
    /// Absolute path of the file.
    package let path: String
    /// Absolute path of the folder that it is in.
    package let folder: String
    /// The place of the document.
    package let span: Span
    /// As written, or the folder's name.
    package let name: String
    /// The place of `name`; nil when the folder's name was taken.
    package let nameSpan: Span?
    package let version: Located<String>?
    package let summary: Located<String>?
    package let labels: [(key: String, value: Located<String>)]
    package let image: Located<String>?
    package let entrypoint: Located<Command>?
    package let runtime: Located<String>?
    package let maxParallel: Located<Int>?
    package let callProtocol: Located<CallProtocol>?
    package let port: Located<Int>?
    package let urlPath: Located<String>?
    package let health: Located<String>?
    package let concurrency: Located<Int>?
    package let minInstances: Located<Int>?
    package let maxInstances: Located<Int>?
    package let idleTimeout: Located<TimeSpan>?
    package let startTimeout: Located<TimeSpan>?
    package let network: Located<NetworkAccess>?
    package let environment: [(key: String, value: Located<String>)]
    package let hooks: HookDeclaration
    package let resources: ResourceDeclaration
    package let requires: NodeRequirement?
    package let inputSchema: Located<JSONValue>?
    package let outputSchema: Located<JSONValue>?
    /// Where the parts of the schemas stand.
    package let inputSchemaPlaces: ValuePlaces
    package let outputSchemaPlaces: ValuePlaces
    package let multiNode: MultiNode?
    /// Nil: no pipeline.
    package let chainedModels: Located<[StageDeclaration]>?
    package let policies: Policies
    /// Whether the text was read to its end; else what is absent may be there.
    package let isWhole: Bool

    /// Whether this manifest is a graph of other models.
    package var isPipeline: Bool { chainedModels != nil }

    /// The models that it names: its stages' and its reducers'.
    package var references: [ModelReference] {
        let stages = chainedModels?.value ?? []
        let reducers = ([multiNode] + stages.map(\.multiNode)).compactMap { $0?.reducer?.value }
        return stages.compactMap(\.model?.value) + reducers
    }

    /// Where a message about the model as a whole points.
    package var place: Span { nameSpan ?? span.firstLine }

    init(_ fields: Fields, path: String, folder: String, folderName: String, isWhole: Bool) {
        self.path = path
        self.folder = folder
        self.isWhole = isWhole
        span = fields.span
        let written = fields.text("name")
        name = written?.value ?? folderName
        nameSpan = written?.span
        version = fields.text("version")
        summary = fields.text("description")
        labels = fields.map("labels")?.value ?? []
        image = fields.text("image")
        entrypoint = fields.command("entrypoint")
        runtime = fields.text("runtime")
        maxParallel = fields.integer("max_parallel")
        callProtocol = fields.choice("protocol", CallProtocol.self)
        network = fields.choice("network", NetworkAccess.self)
        port = fields.integer("port")
        urlPath = fields.text("path")
        health = fields.text("health")
        concurrency = fields.integer("concurrency")
        minInstances = fields.integer("min_instances")
        maxInstances = fields.integer("max_instances")
        idleTimeout = fields.duration("idle_timeout")
        startTimeout = fields.duration("start_timeout")
        environment = fields.map("env")?.value ?? []
        hooks = HookDeclaration(fields.fields("hooks")?.value)
        resources = ResourceDeclaration(fields.fields("resources")?.value)
        requires = fields.fields("requires").map { NodeRequirement($0.value) }
        inputSchema = fields.json("input_schema")
        outputSchema = fields.json("output_schema")
        inputSchemaPlaces = fields.places["input_schema"] ?? ValuePlaces()
        outputSchemaPlaces = fields.places["output_schema"] ?? ValuePlaces()
        multiNode = fields.fields("multi_node").map { MultiNode($0.value) }
        chainedModels = fields.list("chained_models").map { list in
            list.map { $0.map { StageDeclaration($0, modelKey: "model_id") } }
        }
        policies = Policies(fields)
    }
}

/// `hooks` as written.
package struct HookDeclaration: Sendable {
    /// The place of the block; nil: it is not written.
    package var span: Span?
    package var start: Located<Command>?
    package var warmup: Located<Command>?
    package var health: Located<Command>?

    init(_ fields: Fields?) {
        span = fields?.span
        start = fields?.command("init")
        warmup = fields?.command("warmup")
        health = fields?.command("health")
    }
}

/// `resources` as written.
package struct ResourceDeclaration: Sendable {
    /// The place of the block; nil: it is not written.
    package var span: Span?
    package var cpu: Located<Double>?
    package var memory: Located<ByteCount>?
    package var memoryMax: Located<ByteCount>?
    package var disk: Located<ByteCount>?
    package var shm: Located<ByteCount>?
    package var pids: Located<Int>?
    /// Nil also for `false` and 0.
    package var gpu: GPURequest?
    /// The value of `gpu`; nil: it is not written, or not well.
    package var gpuPlace: Span?

    init(_ fields: Fields?) {
        span = fields?.span
        cpu = fields?.number("cpu")
        memory = fields?.bytes("memory")
        memoryMax = fields?.bytes("memory_max")
        disk = fields?.bytes("disk")
        shm = fields?.bytes("shm")
        pids = fields?.integer("pids")
        gpuPlace = fields?.integer("gpu")?.span ?? fields?.fields("gpu")?.span.firstLine
        if let count = fields?.integer("gpu")?.value {
            gpu = count > 0 ? GPURequest(count: count) : nil
        } else if let block = fields?.fields("gpu")?.value {
            let count = block.integer("count")?.value ?? 1
            gpu =
                count == 0
                ? nil
                : GPURequest(
                    count: count, memory: block.bytes("memory")?.value,
                    computeCapability: block.number("compute_capability")?.value)
        }
    }
}

/// `requires` as written: which nodes may run the model.
package struct NodeRequirement: Sendable {
    /// The place of the block.
    package var span: Span
    package var tier: Located<String>?
    package var region: Located<String>?
    package var arch: Located<String>?
    package var labels: [(key: String, value: Located<String>)]

    init(_ fields: Fields) {
        span = fields.span
        tier = fields.text("tier")
        region = fields.text("region")
        arch = fields.text("arch")
        labels = fields.map("labels")?.value ?? []
    }
}
