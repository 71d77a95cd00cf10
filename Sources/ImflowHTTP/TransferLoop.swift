import CCurlShim
import Synchronization

/// The thread that drives all transfers of one client. Every method may be called from anywhere and only enqueues.
final class TransferLoop: Sendable {
    enum Command: Sendable {
        case start(Transfer)
        case cancel(UInt64)
        /// Ends all, for this reason.
        case abandon(String)
    }

    private struct Inbox {
        var commands: [Command] = []
        /// Handed over and not yet answered.
        var unfinished = 0
        var isClosing = false
        /// False when there is no thread to do the work.
        var isOpen = true
        /// Why nothing is sent any more.
        var abandoned: String?
    }

    /// Requests under way or waiting; more are refused.
    static let requestLimit = 4096

    private let inbox = Mutex(Inbox())
    /// Null when libcurl could not start. libcurl allows waking it from any thread; all else is the thread's.
    nonisolated(unsafe) private let multi: OpaquePointer?

    init(maximumConnections: Int) {
        multi = imflow_multi_create(Int64(maximumConnections))
        let started = DetachedThread.start { [self] in run(maximumConnections: maximumConnections) }
        if !started { inbox.withLock { $0.isOpen = false } }
    }

    deinit {
        if let multi { imflow_multi_destroy(multi) }
    }

    func start(_ transfer: Transfer) {
        let refusal: HTTPError? = inbox.withLock { inbox in
            guard inbox.isOpen, multi != nil else {
                return .other("The HTTP client could not start: no memory or no thread.")
            }
            if let reason = inbox.abandoned { return .connectionClosed(reason) }
            guard inbox.unfinished < Self.requestLimit else {
                return .other("More than \(Self.requestLimit) HTTP requests are under way: run fewer at a time.")
            }
            inbox.unfinished += 1
            return nil
        }
        if let refusal { transfer.finish(with: .failure(refusal)) } else { enqueue(.start(transfer)) }
    }

    func cancel(_ id: UInt64) { enqueue(.cancel(id)) }

    func abandon(_ reason: String) {
        inbox.withLock { $0.abandoned = reason }
        enqueue(.abandon(reason))
    }

    /// The thread ends when what runs has ended.
    func close() {
        inbox.withLock { $0.isClosing = true }
        wake()
    }

    private func enqueue(_ command: Command) {
        // The first in the box rings; those after it ride along.
        let isFirst = inbox.withLock { inbox in
            inbox.commands.append(command)
            return inbox.commands.count == 1
        }
        if isFirst { wake() }
    }

    private func wake() {
        if let multi { imflow_multi_wake(multi) }
    }

    private func run(maximumConnections: Int) {
        guard let multi else { return }
        let schedule = TransferSchedule(multi: multi, maximumRunning: maximumConnections)
        while true {
            let (commands, isClosing) = inbox.withLock { inbox in
                defer { inbox.commands.removeAll(keepingCapacity: true) }
                return (inbox.commands, inbox.isClosing)
            }
            for command in commands { schedule.accept(command) }
            let finished = schedule.advance()
            let (isIdle, hasMore) = inbox.withLock { inbox in
                inbox.unfinished -= finished
                return (inbox.unfinished == 0, !inbox.commands.isEmpty)
            }
            if isIdle && isClosing { return }
            if !hasMore { imflow_multi_poll(multi, schedule.millisecondsToDeadline) }
        }
    }
}
