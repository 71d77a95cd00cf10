import Glibc
package import ImflowEngine
import Synchronization

/// The slots of a machine, shared by all engines of a state folder. One engine takes part once, whatever the number of its
/// jobs, and divides what it has among them by the same rule.
///
/// A slot stays with an engine from attempt to attempt while it has work and nobody else has a right to it: then all that
/// an attempt costs here is a look at one small file.
package final class MachineSlots: SlotPool {
    /// An engine that is to let others have its only slots keeps them this long at least, in microseconds: turns that
    /// are too short would be spent on waking one another.
    package static let quantum: Int64 = 20_000
    /// When to look again after an engine was heard to end, in milliseconds: the kernel tells of a closed file a moment
    /// before it frees its locks.
    private static let secondLooks: [Int64] = [1, 10]

    private let folder: EngineFolder
    private let file: SlotFile
    private let limit: Int
    private let state = Mutex(State())

    private struct State {
        var jobs: [Int: Job] = [:]
        var lastJob = 0
        var listening: Int?
        /// Our line in the file; nil: not in it.
        var engine: Int?
        var held: [Int] = []
        var since: Int64 = 0
        var published: EngineRecord?
        /// Whether somebody else was there at the last look.
        var isShared = false
        var share = 0
        var slots = 1
        /// Engines that were stopped (SIGSTOP) at the last look: they keep what they have and take nothing.
        var stopped: Set<Int32> = []
    }

    private struct Job {
        var name: String
        var priority: Int
        var wake: @Sendable () -> Void
        /// Slots that it was told it may use count as used, until it says otherwise.
        var using = 0
        var wanting = 0
        var granted = 0
        var since: Int64
    }

    /// - Parameter limit: what the user allows this engine to run at once; nil: the user did not say. Unless somebody sets
    ///   the number of slots, there are at least as many.
    /// - Throws: ``StoreError``.
    package init(folder: EngineFolder, limit: Int? = nil) throws(StoreError) {
        self.folder = folder
        self.limit = min(max(limit ?? 0, 0), SlotFile.maximumSlots)
        file = try SlotFile(folder: folder)
    }

    package func join(job: String, priority: Int, wake: @escaping @Sendable () -> Void) -> any SlotClaim {
        let id = state.withLock { state in
            state.lastJob += 1
            state.jobs[state.lastJob] = Job(name: job, priority: priority, wake: wake, since: Self.now)
            if state.engine == nil { state.engine = file.enter() }
            if state.listening == nil {
                state.listening = folder.listen { [weak self] event in self?.heard(event) }
            }
            return state.lastJob
        }
        return Claim(slots: self, id: id)
    }

    private struct Claim: SlotClaim {
        let slots: MachineSlots
        let id: Int

        func adjust(using: Int, wanting: Int) -> Int { slots.adjust(id, using: using, wanting: wanting) }
        func leave() { slots.leave(id) }
    }

    private func adjust(_ id: Int, using: Int, wanting: Int) -> Int {
        let (granted, others) = state.withLock { state in
            guard var job = state.jobs[id] else { return (0, [Int]()) }
            if (job.using == 0) != (using == 0) || (using == 0 && job.wanting == 0) { job.since = Self.now }
            job.using = max(0, using)
            job.wanting = min(max(using, wanting, 0), SlotFile.maximumSlots)
            state.jobs[id] = job
            let woken = settle(&state).filter { $0 != id }
            let granted = state.jobs[id]?.granted ?? 0
            // What it was told that it may use is not to be given away before it has said what it does.
            state.jobs[id]?.using = max(job.using, granted)
            return (granted, woken)
        }
        wake(others)
        return granted
    }

    private func leave(_ id: Int) {
        let woken = state.withLock { state in
            state.jobs[id] = nil
            guard state.jobs.isEmpty else { return settle(&state) }
            for slot in state.held { file.giveSlot(slot) }
            state.held = []
            if let engine = state.engine { file.leave(engine) }
            if let listening = state.listening { folder.ignore(listening) }
            state.engine = nil
            state.listening = nil
            state.published = nil
            return []
        }
        wake(woken)
    }

    private func heard(_ event: EngineFolder.Event) {
        switch event {
        case .written(SlotFile.name): look()
        case .closed(SlotFile.name):
            look()
            for delay in Self.secondLooks {
                Task { [weak self] in
                    try? await Task.sleep(for: .milliseconds(delay))
                    self?.look()
                }
            }
        case .interval:
            lookForStopped()
            look()
        default: break
        }
    }

    private func look() {
        wake(state.withLock { settle(&$0) })
    }

    private func lookForStopped() {
        let engine = state.withLock { $0.isShared ? $0.engine : nil }
        guard engine != nil else { return }
        let stopped = Set(file.engines(except: engine).map(\.record.pid).filter(ProcessStatus.isStopped))
        state.withLock { $0.stopped = stopped }
    }

    private func wake(_ jobs: [Int]) {
        guard !jobs.isEmpty else { return }
        let wakes = state.withLock { state in jobs.compactMap { state.jobs[$0]?.wake } }
        for wake in wakes { wake() }
    }

    /// Takes and gives slots until what is held is what is due, and divides it among the jobs.
    /// - Returns: the jobs that may use more than before.
    private func settle(_ state: inout State) -> [Int] {
        let using = state.jobs.values.reduce(0) { $0 + $1.using }
        let wanted = min(state.jobs.values.reduce(0) { $0 + $1.wanting }, SlotFile.maximumSlots)
        let now = Self.now
        if state.held.isEmpty, (state.published?.wanted ?? 0) == 0, wanted > 0 { state.since = now }
        share(&state, wanted: wanted, now: now)
        let due = min(wanted, state.share)
        let grace = state.share == 0 && !state.held.isEmpty && now - state.since < Self.quantum
        let target = max(min(using, state.held.count), due, grace ? min(1, wanted) : 0)
        let before = state.held.count
        while state.held.count > target, let slot = state.held.popLast() { file.giveSlot(slot) }
        if state.held.count < target { take(target, &state) }
        if (before == 0) != state.held.isEmpty { state.since = now }
        publish(&state, wanted: wanted)
        return divide(&state, now: now)
    }

    /// Looks who else is there, and what is ours.
    private func share(_ state: inout State, wanted: Int, now: Int64) {
        let engines = file.engines(except: state.engine)
        state.isShared = !engines.isEmpty
        let own = record(state, wanted: wanted)
        state.slots = file.slotCount(engines.map(\.record) + [own])
        guard state.isShared else { return state.share = state.slots }
        // By line, so that all engines see the same order.
        let lines = (engines + [(state.engine ?? SlotFile.maximumEngines, own)]).sorted { $0.0 < $1.0 }
        let claims = lines.map { line in
            let stands = state.stopped.contains(line.1.pid) && line.1.pid != own.pid
            return FairShare.Claim(
                wanted: stands ? line.1.held : line.1.wanted, held: line.1.held, priority: line.1.priority,
                since: line.1.since)
        }
        let shares = FairShare.divide(state.slots, among: claims, now: now)
        state.share = lines.firstIndex { $0.0 == state.engine ?? SlotFile.maximumEngines }.map { shares[$0] } ?? 0
    }

    private func take(_ target: Int, _ state: inout State) {
        for slot in 0..<state.slots where !state.held.contains(slot) && file.takeSlot(slot) {
            state.held.append(slot)
            if state.held.count == target { return }
        }
    }

    private func record(_ state: State, wanted: Int) -> EngineRecord {
        let first = state.jobs.min { $0.key < $1.key }
        let priority = state.jobs.values.filter { $0.wanting > 0 }.map(\.priority).max() ?? 0
        return EngineRecord(
            pid: getpid(), wanted: wanted, held: state.held.count, limit: limit, priority: priority,
            since: state.since, job: first?.value.name ?? "-")
    }

    /// Says what others need to know, when it has changed. More than there are slots is said as that many: so a busy engine
    /// has nothing to say from attempt to attempt.
    private func publish(_ state: inout State, wanted: Int) {
        guard let engine = state.engine else { return }
        let record = record(state, wanted: min(wanted, max(state.slots, state.held.count)))
        guard record != state.published else { return }
        state.published = record
        file.write(record, of: engine)
    }

    private func divide(_ state: inout State, now: Int64) -> [Int] {
        let ids = state.jobs.keys.sorted()
        let jobs = ids.compactMap { state.jobs[$0] }
        let claims = jobs.map {
            FairShare.Claim(wanted: $0.wanting, held: $0.using, priority: $0.priority, since: $0.since)
        }
        let shares = jobs.count == 1 ? [state.held.count] : FairShare.divide(state.held.count, among: claims, now: now)
        var free = max(0, state.held.count - jobs.reduce(0) { $0 + $1.using })
        var woken: [Int] = []
        for (index, id) in ids.enumerated() {
            let more = min(free, max(0, shares[index] - jobs[index].using))
            free -= more
            let granted = min(shares[index], jobs[index].using + more)
            if granted > jobs[index].granted { woken.append(id) }
            state.jobs[id]?.granted = granted
        }
        return woken
    }

    /// Microseconds of the clock that all processes of a machine share and nobody sets.
    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
