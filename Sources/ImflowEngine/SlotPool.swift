/// The slots of a machine, which several jobs and several engines share: an attempt needs one while it runs.
package protocol SlotPool: Sendable {
    /// Brings in a job that will want slots. It has none until it asks.
    /// - Parameters:
    ///   - priority: against other jobs; larger goes first.
    ///   - wake: called, from any thread, when the job may use more slots than it was told last.
    func join(job: String, priority: Int, wake: @escaping @Sendable () -> Void) -> any SlotClaim
}

/// One job's place at a ``SlotPool``. What is said is the whole state each time, so nothing can be given back twice or forgotten.
package protocol SlotClaim: Sendable {
    /// Says what the job does and would do, and answers how many slots it may use now. Cheap: asked around every attempt.
    /// - Parameters:
    ///   - using: attempts that run on a slot. Those that wait for something else, and lent theirs, are not among them.
    ///   - wanting: attempts that would run if there were slots, those that run among them.
    /// - Returns: may be less than `using`: then nothing new starts until attempts have ended.
    func adjust(using: Int, wanting: Int) -> Int

    /// The job wants no slot any more; gives back what it has.
    func leave()
}
