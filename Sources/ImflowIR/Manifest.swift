package import ImflowDiagnostics
package import ImflowJSON
package import ImflowPlan

/// A `model.yaml`, typed; what could not be read is absent.
package struct Manifest: Sendable {
    /// Absolute path of the file.
    package var path: String
    /// Absolute path of the folder that it is in.
    package var folder: String
    /// The place of the document.
    package var span: Span
    /// As written, or the folder's name.
    package var name: String
    /// The place of `name`; nil when the folder's name was taken.
    package var nameSpan: Span?
    package var version: Located<String>?
    package var summary: Located<String>?
    package var labels: [String: String]
    package var image: Located<String>?
    package var entrypoint: Located<Command>?
    package var runtime: Located<String>?
    package var callProtocol: Located<CallProtocol>?
    package var port: Located<Int>?
    package var urlPath: Located<String>?
    package var health: Located<String>?
    package var concurrency: Located<Int>?
    package var environment: [(key: String, value: Located<String>)]
    package var hooks: HookDeclaration
    package var resources: ResourceDeclaration
    package var requires: NodeRequirement?
    package var inputSchema: Located<JSONValue>?
    package var outputSchema: Located<JSONValue>?
    package var multiNode: MultiNode?
    /// Nil: no pipeline.
    package var chainedModels: Located<[StageDeclaration]>?
    package var policies: Policies
    /// Whether the text was read to its end; else what is absent may be there.
    package var isWhole = true

    /// Whether this manifest is a graph of other models.
    package var isPipeline: Bool { chainedModels != nil }

    /// Where a message about the model as a whole points.
    package var place: Span { nameSpan ?? span.firstLine }

    init(_ fields: Fields, path: String, folder: String, folderName: String) {
        self.path = path
        self.folder = folder
        span = fields.span
        let written = fields.text("name")
        name = written?.value ?? folderName
        nameSpan = written?.span
        version = fields.text("version")
        summary = fields.text("description")
        labels = Self.dictionary(fields.map("labels"))
        image = fields.text("image")
        entrypoint = fields.command("entrypoint")
        runtime = fields.text("runtime")
        callProtocol = fields.choice("protocol", CallProtocol.self)
        port = fields.integer("port")
        urlPath = fields.text("path")
        health = fields.text("health")
        concurrency = fields.integer("concurrency")
        environment = fields.map("env")?.value ?? []
        hooks = HookDeclaration(fields.fields("hooks")?.value)
        resources = ResourceDeclaration(fields.fields("resources")?.value)
        requires = fields.fields("requires").map { NodeRequirement($0.value) }
        inputSchema = fields.json("input_schema")
        outputSchema = fields.json("output_schema")
        multiNode = fields.fields("multi_node").map { MultiNode($0.value) }
        chainedModels = fields.list("chained_models").map { list in
            list.map { $0.map { StageDeclaration($0, modelKey: "model_id") } }
        }
        policies = Policies(fields)
    }

    static func dictionary(_ map: Located<[(key: String, value: Located<String>)]>?) -> [String: String] {
        Dictionary((map?.value ?? []).map { ($0.key, $0.value.value) }, uniquingKeysWith: { _, last in last })
    }
}

/// `hooks` as written.
package struct HookDeclaration: Sendable {
    package var start: Located<Command>?
    package var warmup: Located<Command>?
    package var health: Located<Command>?

    init(_ fields: Fields?) {
        start = fields?.command("init")
        warmup = fields?.command("warmup")
        health = fields?.command("health")
    }
}

/// `resources` as written.
package struct ResourceDeclaration: Sendable {
    package var cpu: Located<Double>?
    package var memory: Located<ByteCount>?
    package var disk: Located<ByteCount>?
    /// Nil also for `false` and 0.
    package var gpu: GPURequest?

    init(_ fields: Fields?) {
        cpu = fields?.number("cpu")
        memory = fields?.bytes("memory")
        disk = fields?.bytes("disk")
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
    package var tier: Located<String>?
    package var region: Located<String>?
    package var arch: Located<String>?
    package var labels: [String: String]

    init(_ fields: Fields) {
        tier = fields.text("tier")
        region = fields.text("region")
        arch = fields.text("arch")
        labels = Manifest.dictionary(fields.map("labels"))
    }
}
