import ImflowExecution

/// Idle instances are stopped, and those that can take requests are asked how they are. One that works is never ended for
/// what a check says.
extension InstancePool {
    /// Between two looks, at least.
    private static let shortestPause: Duration = .milliseconds(5)

    /// Nobody has heard of it for so long that it is asked before it gets a request.
    func isDoubtful(_ index: Int) -> Bool {
        slots[index].inUse == 0 && .now - slots[index].heardOf >= settings.health.pause
            && slots[index].lease.token != justChecked
    }

    /// Begins a check, where none is under way.
    func check(_ index: Int) {
        let lease = slots[index].lease
        guard checks[lease.token] == nil else { return }
        let worked = slots[index].inUse > 0
        let starter = starter
        checks[lease.token] = Task {
            let complaint = await starter.complaint(about: lease)
            await self.checked(lease, complaint, worked: worked)
        }
    }

    /// - Parameter worked: it had requests when the check began.
    private func checked(_ lease: InstanceLease, _ complaint: String?, worked: Bool) async {
        // Without an entry it is being stopped.
        guard checks.removeValue(forKey: lease.token) != nil,
            let index = slots.firstIndex(where: { $0.lease.token == lease.token })
        else { return }
        if let complaint {
            if slots[index].inUse > 0 || worked {
                slots[index].isSuspect = true
                // What it could not answer beside its work it may answer now.
                if slots[index].inUse == 0 { check(index) }
            } else {
                lease.log.note("instance \(lease.token) is replaced: \(complaint)")
                await stop(slots.remove(at: index).lease)
            }
        } else {
            slots[index].isSuspect = false
            slots[index].heardOf = .now
            justChecked = lease.token
        }
        pump()
        justChecked = nil
    }

    func startWatch() {
        guard watch == nil else { return }
        watch = Task { [weak self] in
            while !Task.isCancelled, let pause = await self?.look() { try? await Task.sleep(for: pause) }
        }
    }

    /// - Returns: when to look again; nil when no instance is left to watch.
    private func look() async -> Duration? {
        for lease in takeIdle() { await stop(lease) }
        for index in slots.indices where slots[index].inUse < settings.capacity {
            if .now - slots[index].heardOf >= settings.health.interval { check(index) }
        }
        if slots.isEmpty {
            watch = nil
            return nil
        }
        return max(Self.shortestPause, min(idle, settings.health.interval))
    }

    /// Those that nobody wanted for long, beyond what is kept; the longest first.
    private func takeIdle() -> [InstanceLease] {
        let now = ContinuousClock.now
        let spare = slots.count { !$0.isRetiring } - minimum
        let idle = slots.filter { $0.inUse == 0 && !$0.isRetiring && now - $0.lastUsed >= self.idle }
            .sorted { $0.lastUsed < $1.lastUsed }.prefix(max(0, spare)).map(\.lease)
        slots.removeAll { slot in idle.contains { $0.token == slot.lease.token } }
        return idle
    }
}
