import ImflowPlan

/// Runs `body`; when it is not done within `limit`, cancels it and waits until it has ended.
/// - Returns: what `body` made, and whether the limit had passed before.
func withDeadline<Value: Sendable>(
    _ limit: TimeSpan?, _ body: @escaping @Sendable () async -> Value
) async -> (value: Value, expired: Bool) {
    guard let limit else { return (await body(), false) }
    return await withTaskGroup(of: Value?.self) { group in
        group.addTask { await body() }
        group.addTask {
            try? await Task.sleep(for: limit.duration)
            return nil
        }
        var expired = false
        while let next = await group.next() {
            if let value = next {
                group.cancelAll()
                return (value, expired)
            }
            expired = !Task.isCancelled
            group.cancelAll()
        }
        preconditionFailure("the body of a deadline ended without a value")
    }
}
