import Synchronization

/// The machine's slots as a family has them: a job and those that its models submit, driven by one process. To the machine
/// the family is one job; what it has is divided here.
///
/// A free slot goes first to a job one of whose attempts comes back from waiting, then to the job deepest in the family,
/// because those above wait for it; then by priority, then to the one that came first.
package final class FamilySlots: Sendable {
    /// How a job stands to the others of its family.
    package struct Rank: Sendable, Equatable {
        /// 0: the job that a user submitted.
        package var depth: Int
        /// Larger goes first.
        package var priority: Int

        package init(depth: Int, priority: Int) {
            self.depth = depth
            self.priority = priority
        }
    }

    private struct Job {
        let name: String
        let rank: Rank
        let wake: @Sendable () -> Void
        /// Called once, when it first wants a slot.
        var arrived: (@Sendable () -> Void)?
        /// Slots that it was told it may use count as used, until it says otherwise.
        var using = 0
        var wanting = 0
        var granted = 0
    }

    private struct State {
        /// By number, in order of arrival.
        var jobs: [Int: Job] = [:]
        var last = 0
        var claim: (any SlotClaim)?
        /// Attempts that have waited and want to go on, by job.
        var returning: [String: Int] = [:]
    }

    private let machine: any SlotPool
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: attempts of the family that run at once.
    package init(machine: any SlotPool, limit: Int) {
        self.machine = machine
        self.limit = max(1, limit)
    }

    /// What one job of the family is driven with.
    /// - Parameter arrived: called once, from any thread, when the job first wants a slot, has it or not.
    package func seat(_ rank: Rank, arrived: (@Sendable () -> Void)? = nil) -> any SlotPool {
        Seat(family: self, rank: rank, arrived: arrived)
    }

    /// An attempt of the job begins to come back, or has come back: of each first the one, then the other.
    package func comesBack(_ isComing: Bool, job: String) {
        wake(
            state.withLock { state in
                let count = state.returning[job, default: 0] + (isComing ? 1 : -1)
                state.returning[job] = count > 0 ? count : nil
                return settle(&state)
            })
    }

    private struct Seat: SlotPool {
        let family: FamilySlots
        let rank: Rank
        let arrived: (@Sendable () -> Void)?

        func join(job: String, priority: Int, wake: @escaping @Sendable () -> Void) -> any SlotClaim {
            let job = Job(name: job, rank: rank, wake: wake, arrived: arrived)
            return Claim(family: family, number: family.join(job, priority: priority))
        }
    }

    private struct Claim: SlotClaim {
        let family: FamilySlots
        let number: Int

        func adjust(using: Int, wanting: Int) -> Int { family.adjust(number, using: using, wanting: wanting) }
        func leave() { family.leave(number) }
    }

    /// - Parameter priority: the first job's is the family's against others.
    private func join(_ job: Job, priority: Int) -> Int {
        state.withLock { state in
            state.last += 1
            state.jobs[state.last] = job
            if state.claim == nil {
                state.claim = machine.join(job: job.name, priority: priority) { [weak self] in self?.look() }
            }
            return state.last
        }
    }

    private func adjust(_ number: Int, using: Int, wanting: Int) -> Int {
        let (granted, woken, arrived) = state.withLock { state in
            guard var job = state.jobs[number] else { return (0, [@Sendable () -> Void](), Optional<@Sendable () -> Void>.none) }
            job.using = max(0, using)
            job.wanting = max(job.using, wanting)
            let arrived = job.wanting > 0 ? job.arrived : nil
            if job.wanting > 0 { job.arrived = nil }
            state.jobs[number] = job
            let woken = settle(&state, asking: number)
            let granted = state.jobs[number]?.granted ?? 0
            state.jobs[number]?.using = max(job.using, granted)
            return (granted, woken, arrived)
        }
        wake(woken)
        arrived?()
        return granted
    }

    private func leave(_ number: Int) {
        let (woken, claim) = state.withLock { state in
            state.jobs[number] = nil
            guard state.jobs.isEmpty else { return (settle(&state), (any SlotClaim)?.none) }
            defer { state.claim = nil }
            return ([], state.claim)
        }
        claim?.leave()
        wake(woken)
    }

    private func look() { wake(state.withLock { settle(&$0) }) }

    private func wake(_ wakes: [@Sendable () -> Void]) { for wake in wakes { wake() } }

    /// Asks the machine for what all want, and divides it.
    /// - Parameter asking: the job that is about to hear its part.
    /// - Returns: what wakes the other jobs that may use more than before.
    private func settle(_ state: inout State, asking: Int? = nil) -> [@Sendable () -> Void] {
        let using = state.jobs.values.reduce(0) { $0 + $1.using }
        let wanting = state.jobs.values.reduce(0) { $0 + $1.wanting }
        let slots = state.claim?.adjust(using: using, wanting: max(using, min(limit, wanting))) ?? 0
        var free = max(0, min(limit, slots) - using)
        var parts = state.jobs.mapValues(\.using)
        func give(_ number: Int, _ most: Int) {
            let more = min(free, most)
            free -= more
            parts[number, default: 0] += more
        }
        let order = state.jobs.sorted { Self.precedes(($0.key, $0.value.rank), ($1.key, $1.value.rank)) }
        for (number, job) in order {
            give(number, min(state.returning[job.name] ?? 0, job.wanting - job.using))
        }
        for (number, job) in order { give(number, job.wanting - (parts[number] ?? 0)) }
        var woken: [@Sendable () -> Void] = []
        for (number, job) in order {
            let part = parts[number] ?? 0
            if part > job.granted, number != asking { woken.append(job.wake) }
            state.jobs[number]?.granted = part
        }
        return woken
    }

    private static func precedes(_ one: (number: Int, rank: Rank), _ other: (number: Int, rank: Rank)) -> Bool {
        if one.rank.depth != other.rank.depth { return one.rank.depth > other.rank.depth }
        if one.rank.priority != other.rank.priority { return one.rank.priority > other.rank.priority }
        return one.number < other.number
    }
}
