import ImflowPlan

/// How many instances of a model there may be, and how they are looked after.
struct PoolSettings: Sendable {
    /// Kept even when nobody wants them.
    let minimum: Int
    /// Never more at once.
    let maximum: Int
    /// Requests that one instance takes at once.
    let capacity: Int
    /// Beyond ``minimum``, one that nobody wanted for so long is stopped.
    let idle: Duration
    let health: HealthPolicy

    /// - Parameters:
    ///   - limit: most instances that the machine's slots can use.
    ///   - idle: where the model says nothing.
    init(_ model: ModelPlan, limit: Int, idle: TimeSpan, health: HealthPolicy) {
        maximum = max(1, min(limit, model.maxInstances ?? limit))
        minimum = max(0, min(model.minInstances ?? 0, maximum))
        capacity = model.callProtocol.isHTTP ? max(1, model.concurrency) : 1
        self.idle = (model.idleTimeout ?? idle).duration
        self.health = health
    }
}
