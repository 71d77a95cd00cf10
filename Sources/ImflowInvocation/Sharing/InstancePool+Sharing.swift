import ImflowExecution

/// Instances that other engines use, too.
extension InstancePool {
    /// How often places are looked for that other engines give back: who does it does not say so.
    private static let glance: Duration = .milliseconds(20)

    /// Those that are being left: they are not to be taken over again.
    var leaving: Set<String> { Set(endings.keys) }

    /// The instance with a place in it; nil: other engines have all of them, or it takes no new requests.
    func taken(_ index: Int) -> InstanceLease? {
        var lease = slots[index].lease
        guard let share = lease.share else { return lease }
        if share.isWithdrawn {
            slots[index].isRetiring = true
            if slots[index].inUse == 0 { leave(slots.remove(at: index).lease) }
            return nil
        }
        lease.place = share.takePlace(of: settings.capacity)
        return lease.place == nil ? nil : lease
    }

    /// Ends an instance that broke and has no requests of ours.
    func retire(_ index: Int) async {
        let lease = slots.remove(at: index).lease
        if lease.share == nil { await stop(lease) } else { leave(lease) }
    }

    /// Others may take their time with it: nobody here waits for them.
    private func leave(_ lease: InstanceLease) {
        endings[lease.token] = Task {
            await self.stop(lease, broken: true)
            self.endings[lease.token] = nil
        }
    }

    /// Whether it is idle, for all engines where it would end with this one.
    func canGo(_ slot: Slot) -> Bool {
        guard slot.inUse == 0, !slot.isRetiring else { return false }
        guard let share = slot.lease.share, share.isBoundHere else { return true }
        return !share.isBusy(capacity: settings.capacity)
    }

    /// While somebody waits and other engines may have the places, looks again and again.
    func pollPlaces() {
        guard starter.shelf != nil, !waiters.isEmpty, poll == nil else { return }
        poll = Task {
            try? await Task.sleep(for: Self.glance)
            self.lookAgain()
        }
    }

    private func lookAgain() {
        poll = nil
        pump()
    }
}
