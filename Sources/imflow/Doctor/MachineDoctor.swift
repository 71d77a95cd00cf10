import FoundationEssentials
import Glibc
import ImflowContent
import ImflowDocker
import ImflowExecution
import ImflowInvocation
import ImflowProcess

/// Looks at what this machine can run, and why not the rest. Changes nothing, and nothing that it asks can keep it.
struct MachineDoctor {
    /// Of one question to an engine, a driver or a network file system.
    static let patience = Duration.seconds(10)
    /// SPEC section 9: what a node shows at least.
    private static let leastCores = 2
    private static let leastMemory: Int64 = 4_000_000_000
    private static let leastDisk: Int64 = 10_000_000_000

    let folder: StateFolder
    /// Empty: the engine of `DOCKER_HOST`.
    var engines: [EngineEntry] = []

    func examine() async -> [MachineFinding] {
        var findings = imflow + machine
        findings.append(disk(folder.root, of: "the state folder"))
        findings += cgroups
        let examined = await examineEngines()
        for (place, result) in examined { findings += engine(result, at: place) }
        findings += gpus(examined.compactMap { try? $0.1?.get() })
        findings += libraries
        return findings
    }

    private var imflow: [MachineFinding] {
        // Who looks makes no identity.
        let node = FileManager.default.fileExists(atPath: folder.nodeKey) ? try? NodeIdentity(keyAt: folder.nodeKey).id : nil
        let name = node.map { "node \($0)" } ?? "no node id in \(folder.root) yet: the first run makes one"
        return [MachineFinding(area: "imflow", status: .note, text: "version \(Imflow.version), \(name)")]
    }

    private var machine: [MachineFinding] {
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let memory = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        var system = utsname()
        uname(&system)
        let kernel = withUnsafeBytes(of: system.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let available = Self.availableMemory.map { ", \(Self.gibibytes($0)) available" } ?? ""
        return [
            MachineFinding(
                area: "machine", status: cores >= Self.leastCores ? .fine : .lacking, text: "\(cores) cores, Linux \(kernel)",
                help: cores >= Self.leastCores ? "" : "a node has 2 at least"),
            MachineFinding(
                area: "machine", status: memory >= Self.leastMemory ? .fine : .lacking,
                text: "\(Self.gibibytes(memory)) of memory\(available)",
                help: memory >= Self.leastMemory ? "" : "a node has 4 GB at least"),
        ]
    }

    private static var availableMemory: Int64? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") })
        else { return nil }
        return line.split(separator: " ").dropFirst().first.flatMap { Int64($0) }.map { $0 * 1024 }
    }

    private func disk(_ path: String, of what: String) -> MachineFinding {
        guard let free = Feasibility.free(path) else {
            return MachineFinding(
                area: "machine", status: .lacking, text: "nobody can tell how much disk is free in \(path), \(what)",
                help: "see that the folder can be reached")
        }
        let enough = free >= Self.leastDisk
        return MachineFinding(
            area: "machine", status: enough ? .fine : .lacking, text: "\(Self.gibibytes(free)) of disk free in \(path), \(what)",
            help: enough ? "" : "a node has 10 GB free at least; imflow gc removes what is over")
    }

    private var cgroups: [MachineFinding] {
        let manager = FileManager.default
        if manager.fileExists(atPath: "/sys/fs/cgroup/cgroup.controllers") {
            return [
                MachineFinding(
                    area: "cgroup", status: .fine, text: "version 2: containers have all limits, and out of memory is told apart")
            ]
        }
        guard manager.fileExists(atPath: "/sys/fs/cgroup/memory") else {
            return [
                MachineFinding(
                    area: "cgroup", status: .lacking, text: "no control groups for memory: containers cannot be limited",
                    help: "start the kernel with cgroup_enable=memory, or mount /sys/fs/cgroup")
            ]
        }
        let kind = manager.fileExists(atPath: "/sys/fs/cgroup/unified") ? "version 1 with 2 beside it (hybrid)" : "version 1"
        return [
            MachineFinding(
                area: "cgroup", status: .fine,
                text: "\(kind): containers have memory, CPU and process limits; crun (Podman's default) may refuse it",
                help: kind == "version 1" ? "" : "for Podman choose runc; or boot with systemd.unified_cgroup_hierarchy=1")
        ]
    }

    /// All at once, each with the address that is tried; nil: no answer in time.
    private func examineEngines() async -> [(String, Result<EngineExamination, Failure>?)] {
        let asked: [EngineEntry?] = engines.isEmpty ? [nil] : engines
        return await withTaskGroup(of: (Int, Result<EngineExamination, Failure>?).self) { group in
            for (index, entry) in asked.enumerated() {
                group.addTask {
                    let result = await Self.within(Self.patience) { () -> Result<EngineExamination, Failure> in
                        do throws(Failure) { return .success(try await EngineExamination.of(entry)) } catch { return .failure(error) }
                    }
                    return (index, result)
                }
            }
            let results = await group.reduce(into: [Int: Result<EngineExamination, Failure>?]()) { $0[$1.0] = .some($1.1) }
            return asked.enumerated().map { ($1?.address ?? EngineExamination.chosenPlace, results[$0] ?? nil) }
        }
    }

    private func engine(_ result: Result<EngineExamination, Failure>?, at place: String) -> [MachineFinding] {
        let engine: EngineExamination
        switch result {
        case nil:
            return [
                MachineFinding(
                    area: "docker", status: .lacking,
                    text: "the engine at \(place) did not answer within 10 s",
                    help: "restart it; models without an image run as processes")
            ]
        case .failure(let failure):
            return [MachineFinding(area: "docker", status: .lacking, text: failure.message, help: "models with an image need one")]
        case .success(let answer): engine = answer
        }
        let name = engine.isPodman ? "Podman" : "Docker"
        var findings = [
            MachineFinding(
                area: "docker", status: .fine,
                text: "\(name) \(engine.version) at \(engine.place), API \(engine.apiVersion), \(engine.cores) cores, "
                    + "\(Self.gibibytes(engine.memory)), storage \(engine.storageDriver), cgroup \(engine.cgroupVersion)")
        ]
        if engine.isHere, !engine.root.isEmpty { findings.append(disk(engine.root, of: "\(name)'s own")) }
        if !engine.hasSeccomp {
            findings.append(
                MachineFinding(
                    area: "docker", status: .lacking, text: "no seccomp: containers may make every system call",
                    help: "use a kernel with CONFIG_SECCOMP, and an engine that is built with it"))
        }
        if !engine.hasInit {
            findings.append(
                MachineFinding(
                    area: "docker", status: .note, text: "no init for containers: orphaned processes in them are not reaped",
                    help: "install docker-init (Debian: tini)"))
        }
        if !engine.isPodman {
            for network in ["none", "bridge"] where !engine.networks.contains(network) {
                findings.append(
                    MachineFinding(
                        area: "docker", status: .lacking, text: "the network \(network) is missing", help: "restart the engine"))
            }
        }
        for warning in engine.warnings {
            findings.append(MachineFinding(area: "docker", status: .note, text: "it says: \(Quotation.printable(Array(warning.utf8), keepingLines: false))"))
        }
        return findings
    }

    private func gpus(_ engines: [EngineExamination]) -> [MachineFinding] {
        let all = NvidiaSMI.all()
        guard !all.devices.isEmpty else {
            return [MachineFinding(area: "gpu", status: .note, text: "none\(all.remark.map { " (\($0))" } ?? "")")]
        }
        var findings = all.devices.map { device in
            var missing: [String] = []
            if device.computeCapability < GPUNeed.leastComputeCapability { missing.append("compute capability 7.0") }
            if device.memory < GPUNeed.leastMemory { missing.append("8 GB of memory") }
            return MachineFinding(
                area: "gpu", status: missing.isEmpty ? .fine : .lacking,
                text: "\(device.index): \(device.name), \(Self.gibibytes(device.memory)), compute capability "
                    + "\(device.computeCapability), driver \(device.driver)",
                help: missing.isEmpty
                    ? "" : "it lacks \(missing.joined(separator: " and ")): only models whose `resources.gpu` asks for less get it")
        }
        let left = NvidiaSMI.inventory()
        if left.devices.count < all.devices.count, let remark = left.remark {
            findings.append(MachineFinding(area: "gpu", status: .note, text: remark, help: "unset it to use all"))
        }
        if engines.contains(where: { $0.isHere && !$0.hasGPURuntime }) {
            findings.append(
                MachineFinding(
                    area: "gpu", status: .lacking, text: "the engine knows no NVIDIA runtime: containers get no GPU",
                    help: "install nvidia-container-toolkit, run nvidia-ctk runtime configure, and restart the engine"))
        }
        return findings
    }

    private var libraries: [MachineFinding] {
        let wanted = [
            ("libvips.so.42", "images are cut, converted and stitched", "libvips42"),
            ("libsndfile.so.1", "recordings are cut and converted", "libsndfile1"),
        ]
        return wanted.map { file, purpose, package in
            guard let handle = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
                return MachineFinding(
                    area: "library", status: .lacking, text: "\(file) cannot be loaded: without it no \(purpose)",
                    help: "apt-get install \(package)")
            }
            dlclose(handle)
            return MachineFinding(area: "library", status: .fine, text: "\(file): \(purpose)")
        }
    }

    /// Nil: it was not done in time, and is cancelled.
    static func within<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async -> Value
    ) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask {
                let value = await body()
                return value
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    static func gibibytes(_ bytes: Int64) -> String {
        let tenths = (Double(bytes) / Double(1 << 30) * 10).rounded() / 10
        return "\(tenths) GiB"
    }
}
