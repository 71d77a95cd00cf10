/// What happens to a call while it is made, for whoever looks on. Bytes are those that went and came: they may hold
/// secrets.
package enum CallEvent: Sendable {
    /// A program is being started; what it prints goes to the file `log`.
    case starting(log: String)
    /// It was started. One that listens may not be ready yet.
    case started
    /// A warm instance takes requests.
    case ready
    /// The unit's input files lie in `folder`, which is not there when it has none.
    case staged(folder: String)
    /// What the model is asked, as it goes to it.
    case request([UInt8])
    /// What came back; `status` is that of HTTP.
    case reply(status: Int?, body: [UInt8])
    /// A program that was started for this call alone has ended.
    case ended(Exit)
    /// What the manifest says of the result.
    case answered(SchemaVerdict)
}

/// Looks on while calls are made: everything that is done for the task whose observer it is tells it.
package final class CallObserver: Sendable {
    /// Nil: nobody looks on, and nothing is made for it. (An object, and no closure: Swift 6.3's optimizer gives the value of a
    /// task that is a closure back too early.)
    @TaskLocal package static var current: CallObserver?

    private let take: @Sendable (CallEvent) -> Void

    /// - Parameter take: called from any thread, one event after the other for each call; must not wait.
    package init(_ take: @escaping @Sendable (CallEvent) -> Void) { self.take = take }

    static func note(_ event: @autoclosure () -> CallEvent) { current?.take(event()) }
}
