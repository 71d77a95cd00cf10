package import ImflowPlan

/// A GPU of this machine.
package struct GPUDevice: Sendable, Equatable {
    /// As `nvidia-smi` counts: by the place on the PCI bus, which need not be CUDA's order.
    package var index: Int
    /// `GPU-…`, the same in every order and in every container.
    package var uuid: String
    package var name: String
    /// In bytes.
    package var memory: Int64
    /// Such as 8.6.
    package var computeCapability: Double
    package var driver: String

    package init(index: Int, uuid: String, name: String, memory: Int64, computeCapability: Double, driver: String) {
        self.index = index
        self.uuid = uuid
        self.name = name
        self.memory = memory
        self.computeCapability = computeCapability
        self.driver = driver
    }
}

/// What one attempt, or one warm instance, asks for.
package struct GPUNeed: Sendable, Equatable {
    /// The least that a GPU has to be where its manifest does not say (SPEC section 9): 8 GB.
    package static let leastMemory: Int64 = 8_000_000_000
    package static let leastComputeCapability = 7.0

    package var count: Int
    /// Of each GPU, in bytes.
    package var memory: Int64
    package var computeCapability: Double
    private let request: GPURequest

    /// Nil: the model asks for none.
    package init?(_ model: ModelPlan) {
        guard let request = model.resources.gpu, request.count > 0 else { return nil }
        self.request = request
        count = request.count
        memory = request.memory?.bytes ?? Self.leastMemory
        computeCapability = request.computeCapability ?? Self.leastComputeCapability
    }

    package func fits(_ device: GPUDevice) -> Bool {
        device.memory >= memory && device.computeCapability >= computeCapability
    }

    /// As in “2 GPUs of 16 GiB”: what the manifest says.
    package var text: String {
        let memory = request.memory.map { " of \(Self.gibibytes($0.bytes))" } ?? ""
        let capability = request.computeCapability.map { " with compute capability \($0)" } ?? ""
        return "\(count) GPU\(count == 1 ? "" : "s")\(memory)\(capability)"
    }

    /// Why the model can never run here: what it asks for, and what there is. Nil: it can.
    package func obstacle(to model: String, in inventory: GPUInventory) -> String? {
        guard inventory.devices.count(where: fits) < count else { return nil }
        let least =
            request.memory == nil || request.computeCapability == nil
            ? " (a GPU counts from 8 GB and compute capability 7.0, unless `resources.gpu` asks for less)" : ""
        return "model \(model) asks for \(text), and this machine has \(inventory.text)\(inventory.devices.isEmpty ? "" : least): "
            + "lower `resources`, or run it elsewhere"
    }

    static func gibibytes(_ bytes: Int64) -> String {
        let tenths = (Double(bytes) / Double(1 << 30) * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths)) GiB" : "\(tenths) GiB"
    }
}

/// The GPUs that this process may give to models.
package struct GPUInventory: Sendable, Equatable {
    package var devices: [GPUDevice]
    /// Why there are none, or fewer than there could be; nil: nothing to say.
    package var remark: String?

    package init(devices: [GPUDevice] = [], remark: String? = nil) {
        self.devices = devices
        self.remark = remark
    }

    /// As in “1 of 8 GiB”, “2 of 24 GiB and 1 of 8 GiB (compute capability 6.1)”, “none (there is no nvidia-smi in PATH)”.
    package var text: String {
        guard !devices.isEmpty else { return "none\(remark.map { " (\($0))" } ?? "")" }
        var kinds: [(text: String, count: Int)] = []
        for device in devices.sorted(by: { $0.memory > $1.memory }) {
            let isOld = device.computeCapability < GPUNeed.leastComputeCapability
            let text = GPUNeed.gibibytes(device.memory) + (isOld ? " (compute capability \(device.computeCapability))" : "")
            if kinds.last?.text == text { kinds[kinds.count - 1].count += 1 } else { kinds.append((text, 1)) }
        }
        return kinds.map { "\($0.count) of \($0.text)" }.joined(separator: " and ") + (remark.map { " (\($0))" } ?? "")
    }

    /// Those that the user's own `CUDA_VISIBLE_DEVICES` leaves, in its order. An index is that of `nvidia-smi`, a text the
    /// beginning of a UUID; as in CUDA, the first entry that names nothing ends the list. Nil: there is no such variable.
    package func visible(_ variable: String?) -> GPUInventory {
        guard let variable, !devices.isEmpty else { return self }
        var left: [GPUDevice] = []
        for part in variable.split(separator: ",", omittingEmptySubsequences: false) {
            let word = String(part.drop { $0 == " " }.prefix { $0 != " " })
            let named = Int(word).map { index in devices.filter { $0.index == index } }
                ?? (word.isEmpty ? [] : devices.filter { $0.uuid.hasPrefix(word) })
            guard named.count == 1, !left.contains(named[0]) else { break }
            left += named
        }
        if left.count == devices.count { return GPUInventory(devices: left, remark: remark) }
        return GPUInventory(devices: left, remark: "CUDA_VISIBLE_DEVICES leaves \(left.count) of \(devices.count)")
    }
}
