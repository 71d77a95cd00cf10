import ImflowInvocation
import Glibc
import Synchronization

/// A conversation with a keeper about one program.
final class KeeperTalk: StartedProgram {
    let channel: KeeperChannel
    private let order: ProgramOrder
    private let isOver = Mutex(false)

    init(_ channel: KeeperChannel, _ order: ProgramOrder) {
        self.channel = channel
        self.order = order
    }

    /// Waits for what the keeper says next; nil: it is gone.
    func answer() -> KeeperChannel.Message? { channel.receive() }

    func stop() { isOver.withLock { if !$0 { channel.send(.stop) } } }

    /// No word about this program is sent any more: the next one is about another.
    func close() { isOver.withLock { $0 = true } }

    func wait() async -> Exit {
        let answer = answer()
        close()
        if let answer, answer.word == .ended, let exit = Exit(body: answer.body) { return exit }
        await Self.endAbandoned(order)
        return Exit(code: nil, signal: SIGKILL)
    }

    /// Ends what is left of a program whose keeper is gone.
    static func endAbandoned(_ order: ProgramOrder) async {
        await ProcessTable.end(ProcessTable.processes(carrying: order.marks))
    }
}
