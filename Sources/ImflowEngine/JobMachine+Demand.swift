extension JobMachine {
    /// Tasks that would start now if there were slots for them; limits of stages and models may keep some of them back.
    func startable(now: Int64) -> Int {
        guard !isHalting else { return 0 }
        return ready.count + delayed.count { (tasks[$0].retryAt ?? 0) <= now }
    }
}
