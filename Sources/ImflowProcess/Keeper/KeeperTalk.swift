import ImflowInvocation
import Glibc
import Synchronization

/// A conversation with a keeper about one program.
final class KeeperTalk: StartedProgram {
    let channel: KeeperChannel
    private let order: ProgramOrder
    private let isOver = Mutex(false)
    private let isLeft = Mutex(false)

    init(_ channel: KeeperChannel, _ order: ProgramOrder) {
        self.channel = channel
        self.order = order
    }

    /// Waits for what the keeper says next; nil: it is gone.
    func answer() -> KeeperChannel.Message? { channel.receive() }

    func stop() { isOver.withLock { if !$0 { channel.send(.stop) } } }

    var outlivesEngine: Bool { true }

    func leave(for time: UInt32) -> Bool {
        var fields = FieldWriter()
        fields.put(time)
        let isKept = isOver.withLock { isOver in
            guard !isOver, channel.send(.keep, fields.bytes) else { return false }
            isOver = true
            return true
        }
        guard isKept else { return false }
        isLeft.withLock { $0 = true }
        channel.hangUp()
        return true
    }

    /// No word about this program is sent any more: the next one is about another.
    func close() { isOver.withLock { $0 = true } }

    func wait() async -> Exit {
        let answer = answer()
        close()
        if let answer, answer.word == .ended, let exit = Exit(body: answer.body) { return exit }
        // What was left goes on.
        if !isLeft.withLock({ $0 }) { await Self.endAbandoned(order) }
        return Exit(code: nil, signal: SIGKILL)
    }

    /// Ends what is left of a program whose keeper is gone.
    static func endAbandoned(_ order: ProgramOrder) async {
        await ProcessTable.end(ProcessTable.processes(carrying: order.marks))
    }
}
