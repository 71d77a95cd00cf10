import ImflowExecution
import Synchronization

/// The places on warm instances that one attempt keeps from unit to unit, as long as nobody else waits for one: to give
/// a place back and take it again costs more than a quick model's answer.
final class HeldLeases: Sendable {
    private let pool: InstancePool
    private let held = Mutex<[InstanceLease]>([])

    init(pool: InstancePool) { self.pool = pool }

    /// A place for one request: one that is held, or else the pool's, as in ``InstancePool/acquire(clock:environment:)``.
    func take(
        clock: StartClock, environment: @escaping InstancePool.Environment
    ) async throws(Failure) -> InstanceLease {
        while let lease = held.withLock({ $0.popLast() }) {
            if !lease.recall.isSet, !Task.isCancelled { return lease }
            await pool.release(lease, broken: false)
        }
        return try await pool.acquire(clock: clock, environment: environment)
    }

    /// The request is over.
    /// - Parameter broken: the instance must take no more requests.
    func giveBack(_ lease: InstanceLease, broken: Bool) async {
        if broken || lease.recall.isSet { return await pool.release(lease, broken: broken) }
        held.withLock { $0.append(lease) }
    }

    /// The attempt needs none any more.
    func releaseAll() async {
        let left = held.withLock { held in
            defer { held = [] }
            return held
        }
        for lease in left { await pool.release(lease, broken: false) }
    }
}
