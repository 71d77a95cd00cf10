import ImflowExecution
import ImflowPlan

/// The warm instances of one model. Attempts of all stages and shards share them: each request takes a place, waits for one
/// when all are taken, first come first served, and gives it back. There are never more than ``PoolSettings/maximum``
/// instances; those that broke are replaced, and those that nobody wanted for a while are stopped.
actor InstancePool {
    typealias Environment = @Sendable (UnitFolder) -> [String: String]

    struct Slot {
        let lease: InstanceLease
        var inUse = 0
        /// It takes no more requests and is stopped by the last one who uses it.
        var isRetiring = false
        /// A check failed while it worked: it takes no more requests until one succeeds.
        var isSuspect = false
        /// When a request or a check last ended well.
        var heardOf = ContinuousClock.now
        var lastUsed = ContinuousClock.now

        var isSound: Bool { !isRetiring && !isSuspect }
    }

    struct Waiter {
        let id: Int
        let environment: Environment
        let clock: StartClock
        /// It waits because an instance is being started.
        var waitsForStart = false
        let continuation: CheckedContinuation<Result<InstanceLease, Failure>, Never>
    }

    let starter: InstanceStarter
    let settings: PoolSettings

    var slots: [Slot] = []
    /// By token.
    var starts: [String: Task<Void, Never>] = [:]
    /// By token.
    var checks: [String: Task<Void, Never>] = [:]
    var waiters: [Waiter] = []
    var stopping = 0
    /// Lowered when one more instance could not be started beside those that run: a model that listens on its declared
    /// port only runs once. Reset when no instance is left.
    var growth: Int
    var backoff = StartBackoff()
    /// Looks again when the back-off is over.
    var retry: Task<Void, Never>?
    /// What an instance gets that is started for nobody.
    var lastEnvironment: Environment?
    /// However short the pause is after which one is checked: it takes a request now.
    var justChecked: String?
    var isClosed = false
    /// No job wants more than what it asks for.
    var isUnneeded = false
    /// Instances are stopped when they have been idle for so long, whatever the model says; nil: it is as the model says.
    var lingering: Duration?
    var watch: Task<Void, Never>?
    private var nextWaiter = 0

    init(starter: InstanceStarter, settings: PoolSettings) {
        self.starter = starter
        self.settings = settings
        growth = settings.maximum
    }

    /// Waits for a place. Ends with `cancelled` when the calling task is cancelled.
    /// - Parameters:
    ///   - clock: is told while an instance is being started for it.
    ///   - environment: what an instance that has to be started for this gets, by its work folder.
    func acquire(clock: StartClock, environment: @escaping Environment) async throws(Failure) -> InstanceLease {
        if Task.isCancelled || isClosed { throw .cancelled }
        let id = nextWaiter
        nextWaiter += 1
        lastEnvironment = environment
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters.append(Waiter(id: id, environment: environment, clock: clock, continuation: continuation))
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
        if broken { slots[index].isRetiring = true } else if !slots[index].isSuspect { slots[index].heardOf = .now }
        if slots[index].isRetiring, slots[index].inUse == 0 {
            await stop(slots.remove(at: index).lease)
        } else if slots[index].isSuspect, slots[index].inUse == 0 {
            check(index)
        }
        pump()
    }

    /// Stops every instance, or leaves it for a later engine; whoever waits gets `cancelled`.
    func shutdown() async {
        isClosed = true
        watch?.cancel()
        retry?.cancel()
        fail(.cancelled)
        // It knows an attempt, which knows this pool.
        lastEnvironment = nil
        let running = Array(starts.values)
        for start in running { start.cancel() }
        for start in running { await start.value }
        let last = slots
        slots = []
        await withTaskGroup(of: Void.self) { group in
            for slot in last { group.addTask { await self.stop(slot.lease, leaving: slot.isSound && slot.inUse == 0) } }
        }
    }

    private func giveUp(_ id: Int) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        resume(waiters.remove(at: index), .failure(whyNobodyServed))
    }

    /// Of a waiter that gave up: what kept it waiting, where no instance ever took a request.
    private var whyNobodyServed: Failure {
        guard slots.isEmpty, !starts.isEmpty, let seen = starter.readiness.seen else { return .cancelled }
        return Failure(.cancelled, "model \(starter.model.name) never became ready: \(seen)")
    }

    func fail(_ failure: Failure) {
        let failed = waiters
        waiters = []
        for waiter in failed { resume(waiter, .failure(failure)) }
    }

    private func resume(_ waiter: Waiter, _ result: Result<InstanceLease, Failure>) {
        if waiter.waitsForStart { waiter.clock.end() }
        waiter.continuation.resume(returning: result)
    }

    /// Hands free places to those who wait, the first first, and starts instances for the rest.
    func pump() {
        guard !isClosed else { return }
        while !waiters.isEmpty, let index = freeSlot() {
            if isDoubtful(index) {
                check(index)
                continue
            }
            slots[index].inUse += 1
            resume(waiters.removeFirst(), .success(slots[index].lease))
        }
        for slot in slots { slot.lease.recall.set(!waiters.isEmpty || slot.isRetiring || slot.isSuspect) }
        startMissing()
        for index in waiters.indices where waiters[index].waitsForStart != isStarting {
            waiters[index].waitsForStart = isStarting
            if isStarting { waiters[index].clock.begin() } else { waiters[index].clock.end() }
        }
    }

    /// The instance with the fewest requests that can take one more.
    private func freeSlot() -> Int? {
        slots.indices.filter { canTakeOneMore(slots[$0]) }.min { slots[$0].inUse < slots[$1].inUse }
    }

    private func canTakeOneMore(_ slot: Slot) -> Bool {
        if slot.isRetiring || slot.isSuspect || slot.inUse >= settings.capacity { return false }
        // Who works is not kept from more work by being asked how it is.
        return slot.inUse > 0 || checks[slot.lease.token] == nil
    }

    /// - Parameter leaving: where instances are to stay for a later engine, this one is.
    func stop(_ lease: InstanceLease, leaving: Bool = false) async {
        stopping += 1
        if let check = checks.removeValue(forKey: lease.token) {
            check.cancel()
            await check.value
        }
        if leaving { await starter.leave(lease) } else { await starter.end(lease) }
        stopping -= 1
        if slots.isEmpty, starts.isEmpty { growth = settings.maximum }
        pump()
    }
}
