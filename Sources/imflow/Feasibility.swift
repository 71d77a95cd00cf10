import Glibc
import ImflowInvocation
import ImflowPlan
import ImflowProcess

/// Whether this machine has what the models of a plan ask for.
struct Feasibility {
    private let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    /// In bytes.
    private let memory = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    /// Asked only where a model needs it: the driver takes its time.
    private let gpus: @Sendable () -> GPUInventory

    init(gpus: @escaping @Sendable () -> GPUInventory = { NvidiaSMI.inventory() }) { self.gpus = gpus }

    /// - Throws: ``CommandFailure`` with ``ExitStatus/usage`` that names every obstacle.
    /// - Parameter elsewhere: models that run on other machines, whose resources are asked there.
    func check(_ plan: Plan, disk folder: String, elsewhere: Set<String> = []) throws {
        let obstacles = obstacles(to: plan, disk: folder, elsewhere: elsewhere)
        guard obstacles.isEmpty else { throw CommandFailure(.usage, obstacles.joined(separator: "\n  ")) }
    }

    /// Why the plan cannot run here, a sentence each that names who asks for what, and what there is.
    func obstacles(to plan: Plan, disk folder: String, elsewhere: Set<String> = []) -> [String] {
        let stages = plan.stages.filter { $0.gang != nil }.map {
            "stage \($0.name) is a gang (distributed_runtime), which this version cannot run yet"
        }
        let asksForGPUs = plan.models.values.contains { GPUNeed($0) != nil && !elsewhere.contains($0.name) }
        let inventory = asksForGPUs ? gpus() : GPUInventory()
        return stages + plan.models.values.sorted { $0.name < $1.name }.flatMap {
            obstacles(to: $0, disk: folder, inventory, isElsewhere: elsewhere.contains($0.name))
        }
    }

    private func obstacles(to model: ModelPlan, disk folder: String, _ gpus: GPUInventory, isElsewhere: Bool) -> [String] {
        let wanted = model.resources
        var found: [String] = []
        if isElsewhere { return found }
        if let cpu = wanted.cpu, cpu > Double(processors) {
            found.append(missing(model, "\(cpu) cores", "\(processors)"))
        }
        if let bytes = wanted.memory?.bytes, bytes > memory {
            found.append(missing(model, "\(mebibytes(bytes)) of memory", mebibytes(memory)))
        }
        if let obstacle = GPUNeed(model)?.obstacle(to: model.name, in: gpus) { found.append(obstacle) }
        if let bytes = wanted.disk?.bytes, let free = Self.free(folder), bytes > free {
            found.append(missing(model, "\(mebibytes(bytes)) of disk", "\(mebibytes(free)) free in \(folder)"))
        }
        return found
    }

    private func missing(_ model: ModelPlan, _ wanted: String, _ have: String) -> String {
        "model \(model.name) asks for \(wanted), and this machine has \(have): lower `resources`, or run it elsewhere"
    }

    private func mebibytes(_ bytes: Int64) -> String { "\(bytes / (1 << 20)) MiB" }

    /// Bytes that are free for us on the file system on which `folder` is, or would be made.
    static func free(_ folder: String) -> Int64? {
        var status = statvfs()
        var path = folder[...]
        while statvfs(path.isEmpty ? "/" : String(path), &status) != 0 {
            guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { return nil }
            path = path[..<slash]
        }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }
}
