package import ImflowJSON

/// What a model's container may reach.
package enum NetworkAccess: String, Sendable, Codable, CaseIterable {
    /// Nothing.
    case none
    /// Whatever this machine reaches.
    case outbound
}

/// A model as the runtime sees it.
package struct ModelPlan: Sendable, Equatable, Codable {
    package var name: String
    package var version: String?
    /// Absolute path of the manifest's folder: where a process runs.
    package var folder: String
    /// OCI reference; nil: the model runs as a process in ``folder``.
    package var image: String?
    /// The command: an argv, with a string `entrypoint` already joined to its interpreter. Empty: the image's own.
    package var command: [String]
    package var callProtocol: CallProtocol
    package var port: Int
    package var path: String
    package var health: String
    /// Requests one instance takes at once.
    package var concurrency: Int
    /// Values may hold `${NAME}`, which the executor replaces by the submitter's variable at run time.
    package var environment: [String: String]
    package var hooks: Hooks
    package var resources: Resources
    /// What a container may reach; nil: nothing.
    package var network: NetworkAccess?
    /// Attempts that call the model at once, over all stages of a job; nil: no limit of its own.
    package var maxParallel: Int?
    /// Warm instances that are kept even when idle; nil: 0.
    package var minInstances: Int?
    /// Warm instances at once; nil: as many as there are slots.
    package var maxInstances: Int?
    /// A warm instance beyond ``minInstances`` that nobody wanted for so long is stopped; nil: ``idleTimeout``.
    package var idleTimeout: TimeSpan?
    /// From the start of an instance until it is ready and its hooks are done; nil: ``startTimeout``.
    package var startTimeout: TimeSpan?
    /// JSON Schemas (draft-07), as written.
    package var inputSchema: JSONValue?
    package var outputSchema: JSONValue?

    package static let idleTimeout = TimeSpan(seconds: 120)
    package static let startTimeout = TimeSpan(seconds: 60)

    package init(
        name: String, version: String? = nil, folder: String, image: String? = nil, command: [String] = [],
        callProtocol: CallProtocol = .exec, port: Int = 9000, path: String = "/inference", health: String = "/health",
        concurrency: Int = 1, environment: [String: String] = [:], hooks: Hooks = Hooks(),
        resources: Resources = Resources(), maxParallel: Int? = nil, minInstances: Int? = nil,
        maxInstances: Int? = nil, idleTimeout: TimeSpan? = nil, startTimeout: TimeSpan? = nil,
        inputSchema: JSONValue? = nil, outputSchema: JSONValue? = nil,
        network: NetworkAccess? = nil
    ) {
        self.name = name
        self.version = version
        self.folder = folder
        self.image = image
        self.command = command
        self.callProtocol = callProtocol
        self.port = port
        self.path = path
        self.health = health
        self.concurrency = concurrency
        self.environment = environment
        self.hooks = hooks
        self.resources = resources
        self.maxParallel = maxParallel
        self.minInstances = minInstances
        self.maxInstances = maxInstances
        self.idleTimeout = idleTimeout
        self.startTimeout = startTimeout
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
        self.network = network
    }
}

/// Commands run inside an instance before its first request, each an argv.
package struct Hooks: Sendable, Equatable, Codable {
    package var start: [String]?
    package var warmup: [String]?
    package var health: [String]?

    package init(start: [String]? = nil, warmup: [String]? = nil, health: [String]? = nil) {
        self.start = start
        self.warmup = warmup
        self.health = health
    }
}

/// What one attempt may use; nil: no limit of ours.
package struct Resources: Sendable, Equatable, Codable {
    /// In cores.
    package var cpu: Double?
    package var memory: ByteCount?
    /// What an attempt may get after others ran out of memory; nil: never more than ``memory``.
    package var memoryMax: ByteCount?
    package var disk: ByteCount?
    /// Of shared memory (`/dev/shm`) in a container; nil: 64 MiB.
    package var shm: ByteCount?
    /// Processes and threads at once in a container; nil: 4096.
    package var pids: Int?
    package var gpu: GPURequest?

    package init(
        cpu: Double? = nil, memory: ByteCount? = nil, memoryMax: ByteCount? = nil, disk: ByteCount? = nil,
        gpu: GPURequest? = nil, shm: ByteCount? = nil, pids: Int? = nil
    ) {
        self.cpu = cpu
        self.memory = memory
        self.memoryMax = memoryMax
        self.disk = disk
        self.gpu = gpu
        self.shm = shm
        self.pids = pids
    }
}

package struct GPURequest: Sendable, Equatable, Codable {
    package var count: Int
    package var memory: ByteCount?
    /// At least this compute capability, such as 7.0.
    package var computeCapability: Double?

    package init(count: Int, memory: ByteCount? = nil, computeCapability: Double? = nil) {
        self.count = count
        self.memory = memory
        self.computeCapability = computeCapability
    }
}
