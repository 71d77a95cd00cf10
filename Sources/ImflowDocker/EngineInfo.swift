import ImflowExecution
import ImflowJSON
import ImflowPlan

/// What an engine says of its machine (`GET /info`).
struct EngineInfo: Sendable, Equatable {
    var cores: Int
    /// In bytes.
    var memory: Int64
    /// Whether it can hand GPUs to containers.
    var hasGPU: Bool
    /// Whether it runs without root, in a network of its own.
    var isRootless = false

    init(cores: Int, memory: Int64, hasGPU: Bool) {
        self.cores = cores
        self.memory = memory
        self.hasGPU = hasGPU
    }

    /// Nil when this is no engine's description.
    init?(_ json: JSONValue) {
        guard let cores = json["NCPU"]?.intValue, let memory = json["MemTotal"]?.intValue, cores > 0 else { return nil }
        self.cores = cores
        self.memory = Int64(memory)
        let devices = json["DiscoveredDevices"]?.arrayValue ?? []
        hasGPU = json["Runtimes"]?["nvidia"] != nil || !devices.isEmpty
        let security = (json["SecurityOptions"]?.arrayValue ?? []).compactMap(\.stringValue)
        isRootless = security.contains { $0.contains("rootless") }
    }

    /// What of the model's needs this machine can never meet, as in “it has 2 cores, and 8.0 are asked for”; nil: nothing.
    func lack(for model: ModelPlan) -> String? {
        let wanted = model.resources
        if let cpu = wanted.cpu, cpu > Double(cores) { return "it has \(cores) cores, and \(cpu) are asked for" }
        if let bytes = wanted.memory?.bytes, bytes > memory {
            return "it has \(memory >> 20) MiB of memory, and \(bytes >> 20) MiB are asked for"
        }
        if let gpus = wanted.gpu?.count, gpus > 0, !hasGPU { return "it has no GPU to hand out" }
        return nil
    }
}
