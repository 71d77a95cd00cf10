/// A connection that carries an upgraded exchange. Used by one thread; only ``interrupt()`` may be called from others.
protocol HijackConnection: Sendable {
    var isInterrupted: Bool { get }

    /// Nil when connected; else why not.
    func connect(until deadline: ContinuousClock.Instant) -> String?

    /// Waits until bytes can be read, or written when `writing`, or the time is over (nil: never). Nil: it is over.
    func wait(writing: Bool, until deadline: ContinuousClock.Instant?) -> (readable: Bool, writable: Bool)?
    func send(_ bytes: UnsafeRawBufferPointer) -> HijackTransfer
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> HijackTransfer

    /// The other side is told that no more comes. False: not now, the connection takes nothing more at the moment.
    func halfClose() -> Bool

    /// Whoever waits on the connection wakes up and finds it closed.
    func interrupt()
    func close()

    /// What broke it, where more than that is known.
    var reason: String? { get }
}

enum HijackTransfer {
    case moved(Int)
    case wouldBlock
    case closed
}
