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

/// Lets a task look on while calls are made: everything that is done for it tells its observer.
package enum CallObservation {
    /// Called from any thread, one event after the other for each call; must not wait. Nil: nobody looks on, and nothing is
    /// made for it.
    @TaskLocal package static var observer: (@Sendable (CallEvent) -> Void)?

    static func note(_ event: @autoclosure () -> CallEvent) {
        guard let observer else { return }
        observer(event())
    }
}
