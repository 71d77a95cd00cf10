import ImflowEngine
import Synchronization
import Testing

@Suite("The slot gate")
struct SlotGateTests {
    /// What has happened, in order.
    private final class Log: Sendable {
        private struct State {
            var entries: [String] = []
            var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        }
        private let state = Mutex(State())

        var entries: [String] { state.withLock { $0.entries } }

        func add(_ entry: String) {
            let ready = state.withLock { state in
                state.entries.append(entry)
                let count = state.entries.count
                defer { state.watchers.removeAll { $0.count <= count } }
                return state.watchers.filter { $0.count <= count }
            }
            for watcher in ready { watcher.continuation.resume() }
        }

        func wait(for count: Int) async {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.entries.count >= count { return true }
                    state.watchers.append((count, continuation))
                    return false
                }
                if isOver { continuation.resume() }
            }
        }
    }

    private final class Meter: Sendable {
        let now = Mutex(0)
        let most = Mutex(0)

        func count(_ change: Int) {
            let now = now.withLock { now in
                now += change
                return now
            }
            most.withLock { $0 = max($0, now) }
        }
    }

    private let log = Log()

    private func gate(_ slots: Int) -> SlotGate {
        SlotGate(slots: slots) { [log] job, count in log.add("\(job) parks \(count)") }
    }

    private func rank(_ depth: Int, _ priority: Int = 0) -> SlotGate.Rank {
        SlotGate.Rank(depth: depth, priority: priority)
    }

    /// Returns when the attempt waits for a slot.
    private func queue(_ token: String, _ rank: SlotGate.Rank, _ gate: SlotGate) async -> Task<Bool, Never> {
        let task = Task { [log] in
            let entered = await gate.enter(token, of: "j", rank: rank)
            log.add(token)
            return entered
        }
        while !gate.isClaimed(token) { await Task.yield() }
        return task
    }

    @Test("those that come back go first, then the deepest, then by priority, then the first")
    func order() async {
        let gate = gate(1)
        #expect(await gate.enter("a", of: "root", rank: rank(0)))
        var tasks: [Task<Bool, Never>] = []
        for (token, rank) in [("low", rank(0)), ("first", rank(1)), ("second", rank(1)), ("high", rank(1, 5))] {
            tasks.append(await queue(token, rank, gate))
        }
        gate.park("a")
        await log.wait(for: 2)
        #expect(log.entries == ["root parks 1", "high"])
        let back = Task { [log] in
            await gate.unpark("a")
            log.add("a is back")
        }
        await log.wait(for: 3)
        while !gate.isClaimed("a") { await Task.yield() }
        gate.leave("high")
        await back.value
        for token in ["a", "first", "second"] {
            let count = log.entries.count
            gate.leave(token)
            await log.wait(for: count + 1)
        }
        #expect(log.entries == ["root parks 1", "high", "root parks 0", "a is back", "first", "second", "low"])
        for task in tasks { #expect(await task.value) }
    }

    @Test("an attempt of several threads is parked while any waits, and only the last wait brings it back")
    func threads() async {
        let gate = gate(1)
        #expect(await gate.enter("a", of: "root", rank: rank(0)))
        gate.park("a")
        gate.park("a")
        #expect(await gate.enter("b", of: "child", rank: rank(1)))
        // The slot is taken, and yet this returns: another of its threads still waits.
        await gate.unpark("a")
        let back = Task { await gate.unpark("a") }
        while !gate.isClaimed("a") { await Task.yield() }
        // It begins to wait again before it has come back.
        gate.park("a")
        await back.value
        let again = Task { await gate.unpark("a") }
        while !gate.isClaimed("a") { await Task.yield() }
        gate.leave("b")
        await again.value
        #expect(log.entries == ["root parks 1", "root parks 0", "root parks 1", "root parks 0"])
    }

    @Test("one that is cancelled before it begins leaves nothing behind; one that ends while it is parked neither")
    func leaving() async {
        let gate = gate(1)
        #expect(await gate.enter("a", of: "root", rank: rank(0)))
        let task = await queue("b", rank(3), gate)
        task.cancel()
        #expect(await !task.value)
        gate.park("a")
        #expect(await gate.enter("c", of: "child", rank: rank(1)))
        let back = Task { await gate.unpark("a") }
        while !gate.isClaimed("a") { await Task.yield() }
        gate.leave("a")
        await back.value
        gate.leave("a")
        gate.leave("c")
        #expect(await gate.enter("d", of: "root", rank: rank(0)))
        let last = await queue("e", rank(0), gate)
        gate.leave("d")
        #expect(await last.value)
        await gate.unpark("nobody")
        gate.park("nobody")
    }

    @Test("never more than its slots, whatever parks, comes back, is cancelled and ends: 2,000 attempts")
    func bounded() async {
        let gate = gate(3)
        let meter = Meter()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<2000 {
                group.addTask { [self] in
                    let token = "\(number)"
                    guard await gate.enter(token, of: "j\(number % 5)", rank: rank(number % 4, number % 3)) else { return }
                    meter.count(1)
                    await Task.yield()
                    meter.count(-1)
                    if number % 3 == 0 {
                        gate.park(token)
                        await Task.yield()
                        await gate.unpark(token)
                        meter.count(1)
                        meter.count(-1)
                    }
                    gate.leave(token)
                }
            }
        }
        #expect(meter.most.withLock { $0 } <= 3)
        for number in 0..<3 { #expect(await gate.enter("end\(number)", of: "j", rank: rank(0))) }
    }
}
