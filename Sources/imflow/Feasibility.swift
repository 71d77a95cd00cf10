import FoundationEssentials
import Glibc
import ImflowPlan

/// Whether this machine has what the models of a plan ask for.
struct Feasibility {
    private let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    /// In bytes.
    private let memory = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    private let gpus: Int

    init() {
        // The driver makes /dev/nvidia0, /dev/nvidia1, … one a device.
        let devices = (try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? []
        gpus = devices.count { $0.hasPrefix("nvidia") && Int($0.dropFirst("nvidia".count)) != nil }
    }

    /// - Throws: ``CommandFailure`` with ``ExitStatus/usage`` that names the model, what it asks for and what there is.
    func check(_ plan: Plan, disk folder: String) throws {
        for model in plan.models.values.sorted(by: { $0.name < $1.name }) {
            let wanted = model.resources
            if let cpu = wanted.cpu, cpu > Double(processors) {
                throw missing(model, "\(cpu) cores", "\(processors)")
            }
            if let bytes = wanted.memory?.bytes, bytes > memory {
                throw missing(model, "\(mebibytes(bytes)) of memory", mebibytes(memory))
            }
            if let count = wanted.gpu?.count, count > gpus {
                throw missing(model, "\(count) GPU\(count == 1 ? "" : "s")", gpus == 0 ? "none" : "\(gpus)")
            }
            if let bytes = wanted.disk?.bytes, let free = Self.free(folder), bytes > free {
                throw missing(model, "\(mebibytes(bytes)) of disk", "\(mebibytes(free)) free in \(folder)")
            }
        }
    }

    private func missing(_ model: ModelPlan, _ wanted: String, _ have: String) -> CommandFailure {
        CommandFailure(
            .usage,
            "model \(model.name) asks for \(wanted), and this machine has \(have): lower `resources`, or run it elsewhere"
        )
    }

    private func mebibytes(_ bytes: Int64) -> String { "\(bytes / (1 << 20)) MiB" }

    /// Bytes that are free for us on the file system of `folder`.
    private static func free(_ folder: String) -> Int64? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }
}
