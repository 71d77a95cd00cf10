package import ImflowContent
package import ImflowExecution
package import ImflowPlan

/// A host of this machine whose launches get GPUs of their own: each launch of a model that asks for some has them for as
/// long as it runs, and sees no others.
package struct GPUHost<Base: ModelHost>: ModelHost {
    /// How a model counts the devices that it has.
    package enum View: Sendable {
        /// As the machine does: a process.
        case machine
        /// As its container does, from 0.
        case container
    }

    private let base: Base
    private let devices: GPUDevices
    private let view: View

    package init(_ base: Base, devices: GPUDevices, view: View) {
        self.base = base
        self.devices = devices
        self.view = view
    }

    package var node: String { base.node }
    package var offersAPI: Bool { base.offersAPI }
    package var sharesPorts: Bool { base.sharesPorts }
    package var guestOwner: GuestOwner? { base.guestOwner }
    package func imageDigest(of model: ModelPlan) -> String? { base.imageDigest(of: model) }
    package func origin(of model: ModelPlan) async throws(Failure) -> ModelOrigin { try await base.origin(of: model) }
    package func fingerprint(of model: ModelPlan) async throws(Failure) -> String { try await base.fingerprint(of: model) }
    package var sites: Set<String> { base.sites }
    package func guestFolder(for workFolder: String) -> String { base.guestFolder(for: workFolder) }
    package func guestAPIFolder(for folder: String) -> String { base.guestAPIFolder(for: folder) }
    package func sweep(job: String, keeping tokens: Set<String>) async { await base.sweep(job: job, keeping: tokens) }
    package func shutdown() async { await base.shutdown() }

    package func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit {
        guard let need = GPUNeed(launch.model) else { return try await base.run(launch, input: input) }
        let lease = try await lease(need, for: launch)
        let result: Result<Exit, Failure>
        do throws(Failure) {
            result = .success(try await base.run(given(lease, to: launch), input: input))
        } catch { result = .failure(error) }
        await devices.giveBack(lease)
        return try result.get()
    }

    package func start(_ launch: Launch) async throws(Failure) -> any ModelInstance {
        guard let need = GPUNeed(launch.model) else { return try await base.start(launch) }
        let lease = try await lease(need, for: launch)
        do throws(Failure) {
            return GPUInstance(base: try await base.start(given(lease, to: launch)), devices: devices, lease: lease)
        } catch {
            await devices.giveBack(lease)
            throw error
        }
    }

    /// Devices that somebody else has by now cannot be had twice.
    package func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance {
        guard let need = GPUNeed(launch.model) else { return try await base.adopt(launch, handle: handle) }
        let lease = await devices.leaseAgain(record: Self.record(of: launch))
        do throws(Failure) {
            guard lease.devices.count == need.count else {
                throw Failure(.lost, "the GPUs of a warm instance of model \(launch.model.name) are in use by others")
            }
            let instance = try await base.adopt(given(lease, to: launch), handle: handle)
            return GPUInstance(base: instance, devices: devices, lease: lease)
        } catch {
            await devices.giveBack(lease)
            throw error
        }
    }

    private static func record(of launch: Launch) -> String {
        launch.token + "/" + (launch.unit.map(String.init) ?? "")
    }

    /// Time in which an attempt waits for devices is no time of its own.
    private func lease(_ need: GPUNeed, for launch: Launch) async throws(Failure) -> GPULease {
        let record = Self.record(of: launch)
        if launch.recovered { return await devices.leaseAgain(record: record) }
        let wait = GPUWait(job: launch.job, task: launch.task, model: launch.model.name, reason: "")
        let log = LogFile(path: launch.logPath)
        Deadline.current?.putOff()
        defer { Deadline.current?.goOn() }
        return try await devices.lease(need, record: record, wait: wait) { log.note($0) }
    }

    /// A UUID names the same device in every order, where CUDA's own order of indices is by speed and that of `nvidia-smi`
    /// by place; inside a container only the given devices are there, so they count from 0.
    private func given(_ lease: GPULease, to launch: Launch) -> Launch {
        guard !lease.devices.isEmpty else { return launch }
        var launch = launch
        let uuids = lease.devices.map(\.uuid).joined(separator: ",")
        launch.devices = lease.devices.map(\.uuid)
        launch.environment["NVIDIA_VISIBLE_DEVICES"] = uuids
        launch.environment["CUDA_VISIBLE_DEVICES"] =
            view == .machine ? uuids : lease.devices.indices.map(String.init).joined(separator: ",")
        return launch
    }
}

/// A warm instance that has its devices until nothing of it is left. It is not left for a later engine, since nobody would
/// hold its devices meanwhile.
private struct GPUInstance: ModelInstance {
    let base: any ModelInstance
    let devices: GPUDevices
    let lease: GPULease

    var baseURL: String? { base.baseURL }
    var socket: String? { base.socket }
    func severed(isPatient: Bool) async -> Failure? { await base.severed(isPatient: isPatient) }
    var handle: String? { base.handle }
    func exit() async -> Exit? { await base.exit() }
    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? { try await base.exchange(line) }
    func execute(_ command: [String]) async throws(Failure) -> Exit { try await base.execute(command) }
    func hand(_ folder: String, as guest: String) async throws(Failure) { try await base.hand(folder, as: guest) }
    func bring(_ names: @Sendable () -> [String], from guest: String, into folder: String) async throws(Failure) {
        try await base.bring(names, from: guest, into: folder)
    }
    func drop(_ guest: String) async { await base.drop(guest) }
    func trouble() async -> Failure? { await base.trouble() }

    func stop() async {
        await base.stop()
        await devices.giveBack(lease)
    }
}
