import ImflowContent
import ImflowHTTP
import ImflowExecution
import ImflowPlan

/// The warm instances of one model for one job. Attempts of all its stages and shards share them: each request takes a
/// place, waits for one when all are taken, and gives it back. Instances are started when they are asked for, never more
/// than `limit` at once, and stopped when they broke, when nobody wanted them for a while, and at shutdown.
actor InstancePool {
    typealias Environment = [String: String]

    private struct Slot {
        let lease: InstanceLease
        var inUse = 0
        /// It takes no more requests and is stopped by the last one who uses it.
        var retiring = false
        var lastUsed = ContinuousClock.now
    }

    private struct Waiter {
        let id: Int
        let environment: @Sendable (UnitFolder) -> Environment
        let continuation: CheckedContinuation<Result<InstanceLease, Failure>, Never>
    }

    private let starter: InstanceStarter
    /// Requests that one instance takes at once.
    private let capacity: Int
    private let limit: Int
    private let idleLimit: Duration

    private var slots: [Slot] = []
    private var starts: [String: Task<Void, Never>] = [:]
    private var waiters: [Waiter] = []
    private var stopping = 0
    /// Lowered when one more instance could not be started beside those that run: a model that listens on its declared
    /// port only runs once. Reset when no instance is left.
    private var growth: Int
    private var nextWaiter = 0
    private var closed = false
    private var reaper: Task<Void, Never>?

    init(starter: InstanceStarter, limit: Int, idleLimit: TimeSpan) {
        self.starter = starter
        self.limit = max(1, limit)
        self.idleLimit = idleLimit.duration
        capacity = starter.model.callProtocol.isHTTP ? max(1, starter.model.concurrency) : 1
        growth = self.limit
    }

    /// Waits for a place. Ends with `cancelled` when the calling task is cancelled.
    /// - Parameter environment: what an instance that has to be started for this gets, by its work folder.
    func acquire(
        environment: @escaping @Sendable (UnitFolder) -> Environment
    ) async throws(Failure) -> InstanceLease {
        if Task.isCancelled || closed { throw .cancelled }
        let id = nextWaiter
        nextWaiter += 1
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters.append(Waiter(id: id, environment: environment, continuation: continuation))
                pump()
                if Task.isCancelled { giveUp(id) }
            }
        } onCancel: {
            Task { await self.giveUp(id) }
        }
        return try result.get()
    }

    /// Gives the place back. When this was the last use of a retiring instance, returns after it was stopped.
    /// - Parameter broken: the instance must take no more requests.
    func release(_ lease: InstanceLease, broken: Bool) async {
        guard let index = slots.firstIndex(where: { $0.lease.token == lease.token }) else { return }
        slots[index].inUse -= 1
        slots[index].lastUsed = .now
        if broken { slots[index].retiring = true }
        if slots[index].retiring, slots[index].inUse == 0 {
            await stop(slots.remove(at: index).lease)
        }
        pump()
    }

    /// Stops every instance; whoever waits gets `cancelled`.
    func shutdown() async {
        closed = true
        reaper?.cancel()
        fail(.cancelled)
        let running = Array(starts.values)
        for start in running { start.cancel() }
        for start in running { await start.value }
        let leases = slots.map(\.lease)
        slots = []
        await withTaskGroup(of: Void.self) { group in
            for lease in leases { group.addTask { await self.stop(lease) } }
        }
    }

    /// The tokens of the instances that run or are being started.
    var tokens: Set<String> { Set(slots.map(\.lease.token)).union(starts.keys) }

    private func giveUp(_ id: Int) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(returning: .failure(whyNobodyServed))
    }

    /// Of a waiter that gave up: what kept it waiting, where no instance ever took a request.
    private var whyNobodyServed: Failure {
        guard slots.isEmpty, !starts.isEmpty, let seen = starter.readiness.seen else { return .cancelled }
        return Failure(.cancelled, "model \(starter.model.name) never became ready: \(seen)")
    }

    private func fail(_ failure: Failure) {
        let failed = waiters
        waiters = []
        for waiter in failed { waiter.continuation.resume(returning: .failure(failure)) }
    }

    /// Hands free places to those who wait, the first first, and starts instances for the rest.
    private func pump() {
        guard !closed else { return }
        while !waiters.isEmpty, let index = freeSlot() {
            slots[index].inUse += 1
            waiters.removeFirst().continuation.resume(returning: .success(slots[index].lease))
        }
        let unserved = waiters.count - starts.count * capacity
        guard unserved > 0, let environment = waiters.first?.environment else { return }
        let room = min(limit, growth) - slots.count - starts.count - stopping
        let wanted = (unserved + capacity - 1) / capacity
        for _ in 0..<max(0, min(room, wanted)) { begin(environment) }
    }

    /// The instance with the fewest requests that can take one more.
    private func freeSlot() -> Int? {
        slots.indices.filter { !slots[$0].retiring && slots[$0].inUse < capacity }
            .min { slots[$0].inUse < slots[$1].inUse }
    }

    private func begin(_ environment: @escaping @Sendable (UnitFolder) -> Environment) {
        let token = InstanceStarter.drawToken()
        let starter = starter
        starts[token] = Task {
            do throws(Failure) {
                await self.started(try await starter.start(token: token, environment: environment))
            } catch { self.notStarted(token, error) }
        }
    }

    private func started(_ lease: InstanceLease) async {
        starts[lease.token] = nil
        guard !closed else { return await stop(lease) }
        slots.append(Slot(lease: lease))
        startReaper()
        pump()
    }

    private func notStarted(_ token: String, _ failure: Failure) {
        starts[token] = nil
        if slots.contains(where: { !$0.retiring }) || !starts.isEmpty {
            growth = max(1, slots.count + starts.count)
        } else {
            growth = limit
            fail(failure)
        }
        pump()
    }

    private func stop(_ lease: InstanceLease) async {
        stopping += 1
        await lease.instance.stop()
        lease.folder.remove()
        stopping -= 1
        if slots.isEmpty, starts.isEmpty { growth = limit }
        pump()
    }

    private func startReaper() {
        guard reaper == nil else { return }
        let pause = idleLimit
        reaper = Task { [weak self] in
            while !Task.isCancelled, let self, await self.stopIdle() {
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// - Returns: false when no instance is left to watch.
    private func stopIdle() async -> Bool {
        let now = ContinuousClock.now
        let idle = slots.filter { $0.inUse == 0 && now - $0.lastUsed >= idleLimit }.map(\.lease)
        slots.removeAll { slot in idle.contains { $0.token == slot.lease.token } }
        for lease in idle { await stop(lease) }
        if slots.isEmpty { reaper = nil }
        return reaper != nil
    }
}
