import Glibc
import ImflowExecution
import ImflowPlan

/// Gives GPUs to launches, each to one at a time among all engines of this user on this machine. Who finds too few free
/// waits, first come first served within this process.
package actor GPUDevices {
    private struct Waiter {
        let id: Int
        let need: GPUNeed
        let record: String
        let announced: (descriptor: Int32, path: String)?
        let continuation: CheckedContinuation<GPULease?, Never>
    }

    /// How often those who wait look whether another engine gave something back.
    private static let glance = Duration.milliseconds(250)

    private let locks: GPULocks
    private let find: @Sendable () -> GPUInventory
    private var found: GPUInventory?
    private var waiters: [Waiter] = []
    private var next = 0
    private var looking: Task<Void, Never>?

    /// - Parameters:
    ///   - folder: of the files by which engines share the devices; nil: that of all engines of this user.
    ///   - find: what this machine has; asked once, at the first need.
    package init(folder: String? = nil, find: @escaping @Sendable () -> GPUInventory) {
        locks = GPULocks(folder: folder ?? GPULocks.home)
        self.find = find
    }

    package var inventory: GPUInventory {
        if let found { return found }
        let found = find()
        self.found = found
        return found
    }

    /// Devices for one launch, until they are given back. Waits until there are enough; ends with `cancelled` when the
    /// calling task is cancelled.
    /// - Parameters:
    ///   - record: names the launch for an engine that takes it over.
    ///   - wait: what is said of who waits: its reason is made here.
    /// - Throws: `app` when this machine can never give so many.
    func lease(
        _ need: GPUNeed, record: String, wait: GPUWait, note: @Sendable (String) -> Void
    ) async throws(Failure) -> GPULease {
        if let obstacle = need.obstacle(to: wait.model, in: inventory) { throw Failure(.app, obstacle) }
        try locks.prepare()
        if waiters.isEmpty, let lease = take(need, record: record) { return lease }
        if Task.isCancelled { throw .cancelled }
        var wait = wait
        wait.reason = "\(need.text): those of this machine that fit (\(inventory.devices.count(where: need.fits))) are in use"
        note("waits for \(wait.reason)")
        let id = next
        next += 1
        let announced = locks.announce(wait, number: id)
        let lease = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters.append(
                    Waiter(id: id, need: need, record: record, announced: announced, continuation: continuation))
                look()
                if Task.isCancelled { giveUp(id) }
            }
        } onCancel: {
            Task { await self.giveUp(id) }
        }
        guard let lease else { throw .cancelled }
        note("has \(lease.devices.map(\.uuid).joined(separator: ", "))")
        return lease
    }

    /// The devices of a launch that an earlier engine made, as far as nobody took them meanwhile.
    func leaseAgain(record: String) -> GPULease {
        let own = inventory.devices.filter { locks.record(of: $0) == record }
        let locked = own.compactMap { device in locks.lock(device, record: record).map { (device, $0) } }
        return GPULease(devices: locked.map(\.0), descriptors: locked.map(\.1))
    }

    func giveBack(_ lease: GPULease) {
        lease.close()
        pump()
    }

    private func giveUp(_ id: Int) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        resume(waiters.remove(at: index), with: nil)
    }

    /// The first is served first, so that who asks for many is not passed by for ever.
    private func pump() {
        while let first = waiters.first, let lease = take(first.need, record: first.record) {
            waiters.removeFirst()
            resume(first, with: lease)
        }
    }

    private func resume(_ waiter: Waiter, with lease: GPULease?) {
        if let (descriptor, path) = waiter.announced {
            unlink(path)
            close(descriptor)
        }
        waiter.continuation.resume(returning: lease)
    }

    private func look() {
        guard looking == nil else { return }
        looking = Task {
            while !waiters.isEmpty {
                try? await Task.sleep(for: Self.glance)
                pump()
            }
            looking = nil
        }
    }

    /// All that is asked for, or nothing. The smallest that fit go first, so that the large ones are left for who needs them.
    private func take(_ need: GPUNeed, record: String) -> GPULease? {
        let fitting = inventory.devices.filter(need.fits).sorted { ($0.memory, $0.index) < ($1.memory, $1.index) }
        var taken: [(GPUDevice, Int32)] = []
        for device in fitting where taken.count < need.count {
            if let descriptor = locks.lock(device, record: record) { taken.append((device, descriptor)) }
        }
        guard taken.count == need.count else {
            for (_, descriptor) in taken { close(descriptor) }
            return nil
        }
        return GPULease(devices: taken.map(\.0), descriptors: taken.map(\.1))
    }
}
