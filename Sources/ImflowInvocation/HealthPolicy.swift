/// When instances are looked after, and how long a look may take.
package struct HealthPolicy: Sendable {
    /// From one check of an instance to the next, while it has a place to give.
    package var interval: Duration
    /// Who has not been heard of for so long is checked before it gets a request.
    package var pause: Duration
    /// A check that takes longer has failed.
    package var limit: Duration

    package init(
        interval: Duration = .seconds(10), pause: Duration = .seconds(5), limit: Duration = .seconds(10)
    ) {
        self.interval = interval
        self.pause = pause
        self.limit = limit
    }
}
