import Synchronization

/// Where the attempts of several jobs that one process drives pass, so many at once. An attempt that only waits for another
/// job parks: it gives its slot away meanwhile, and takes one before it goes on.
///
/// A free slot goes first to an attempt that comes back, then to the job deepest in its family, because those above wait
/// for it; then by priority, then to the one that came first.
package final class SlotGate: Sendable {
    /// How an attempt stands to others that want a slot.
    package struct Rank: Sendable, Equatable {
        /// 0: of the job that a user submitted.
        package var depth: Int
        /// Larger goes first.
        package var priority: Int

        package init(depth: Int, priority: Int) {
            self.depth = depth
            self.priority = priority
        }
    }

    private struct Attempt {
        let job: String
        let rank: Rank
        var holdsSlot = false
        /// How many things it waits for.
        var waits = 0
        /// Its task was cancelled before it began.
        var isWithdrawn = false
    }

    /// An attempt that wants a slot.
    private struct Claim {
        /// It has begun, and wants to go on.
        let isReturn: Bool
        let rank: Rank
        let number: Int
        let continuation: CheckedContinuation<Bool, Never>

        func precedes(_ other: Claim) -> Bool {
            if isReturn != other.isReturn { return isReturn }
            if rank.depth != other.rank.depth { return rank.depth > other.rank.depth }
            if rank.priority != other.rank.priority { return rank.priority > other.rank.priority }
            return number < other.number
        }
    }

    private struct State {
        var free: Int
        /// By token; those that have entered or want to.
        var attempts: [String: Attempt] = [:]
        var claims: [String: Claim] = [:]
        var nextClaim = 0
        /// Attempts that wait, by job.
        var parked: [String: Int] = [:]
    }

    private let state: Mutex<State>
    private let parkedChanged: @Sendable (_ job: String, _ parked: Int) -> Void

    /// - Parameters:
    ///   - slots: attempts that run at once.
    ///   - parkedChanged: told in order how many attempts of a job are parked; must not call back.
    package init(slots: Int, parkedChanged: @escaping @Sendable (_ job: String, _ parked: Int) -> Void) {
        state = Mutex(State(free: slots))
        self.parkedChanged = parkedChanged
    }

    /// Waits for a slot. False: the calling task was cancelled first, and there is nothing to ``leave(_:)``.
    /// - Parameter queued: called when the attempt has its slot, or its place among those that wait.
    package func enter(
        _ token: String, of job: String, rank: Rank, queued: @Sendable () -> Void = {}
    ) async -> Bool {
        if Task.isCancelled { return false }
        let isIn = state.withLock { state in
            state.attempts[token] = Attempt(job: job, rank: rank, holdsSlot: state.free > 0)
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
        if isIn {
            queued()
            return true
        }
        let entered = await withTaskCancellationHandler {
            await claim(token, isReturn: false, queued: queued)
        } onCancel: {
            withdraw(token)
        }
        if !entered { leave(token) }
        return entered
    }

    /// The attempt has ended: whatever it holds or wants is given up.
    package func leave(_ token: String) {
        state.withLock { state in
            guard let attempt = state.attempts.removeValue(forKey: token) else { return }
            if attempt.waits > 0 { count(-1, attempt.job, &state) }
            if attempt.holdsSlot { state.free += 1 }
            state.claims.removeValue(forKey: token)?.continuation.resume(returning: false)
            handOut(&state)
        }
    }

    /// The attempt begins to wait for something. Each is to be followed by one ``unpark(_:)``.
    package func park(_ token: String) {
        state.withLock { state in
            guard var attempt = state.attempts[token] else { return }
            attempt.waits += 1
            if attempt.holdsSlot { state.free += 1 }
            attempt.holdsSlot = false
            state.attempts[token] = attempt
            if attempt.waits == 1 { count(1, attempt.job, &state) }
            // What was on its way back waits again instead.
            state.claims.removeValue(forKey: token)?.continuation.resume(returning: true)
            handOut(&state)
        }
    }

    /// One wait is over. When it was the last, returns once the attempt has a slot again; or once it has ended.
    package func unpark(_ token: String) async {
        let isLast = state.withLock { state in
            guard var attempt = state.attempts[token], attempt.waits > 0 else { return false }
            attempt.waits -= 1
            state.attempts[token] = attempt
            if attempt.waits == 0 { count(-1, attempt.job, &state) }
            return attempt.waits == 0
        }
        if isLast { _ = await claim(token, isReturn: true) }
    }

    /// Whether the attempt waits for a slot.
    package func isClaimed(_ token: String) -> Bool { state.withLock { $0.claims[token] != nil } }

    /// False: it was withdrawn, or the attempt has ended.
    private func claim(_ token: String, isReturn: Bool, queued: @Sendable () -> Void = {}) async -> Bool {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                guard let attempt = state.attempts[token], !attempt.isWithdrawn else {
                    return continuation.resume(returning: false)
                }
                // Another of its threads has begun to wait since.
                guard attempt.waits == 0 else { return continuation.resume(returning: true) }
                state.claims[token] = Claim(
                    isReturn: isReturn, rank: attempt.rank, number: state.nextClaim, continuation: continuation)
                state.nextClaim += 1
                handOut(&state)
            }
            queued()
        }
    }

    private func withdraw(_ token: String) {
        state.withLock { state in
            guard state.attempts[token]?.holdsSlot == false else { return }
            state.attempts[token]?.isWithdrawn = true
            state.claims.removeValue(forKey: token)?.continuation.resume(returning: false)
        }
    }

    private func handOut(_ state: inout State) {
        while state.free > 0, let first = state.claims.max(by: { $1.value.precedes($0.value) }) {
            state.free -= 1
            state.attempts[first.key]?.holdsSlot = true
            state.claims.removeValue(forKey: first.key)?.continuation.resume(returning: true)
        }
    }

    private func count(_ change: Int, _ job: String, _ state: inout State) {
        let parked = state.parked[job, default: 0] + change
        state.parked[job] = parked == 0 ? nil : parked
        parkedChanged(job, parked)
    }
}
