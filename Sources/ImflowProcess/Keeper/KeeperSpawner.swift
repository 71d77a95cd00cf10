import Glibc
import ImflowExecution
import ImflowInvocation
import Synchronization

/// Programs as children of a keeper, which is started with the first of them. Each conversation with it serves one
/// program at a time, so that a call costs one message there and one back.
final class KeeperSpawner: Spawner {
    private enum Standing {
        case none
        case up(KeeperLink)
        /// No keeper can be started here: programs are our own children.
        case impossible
    }

    private struct State {
        var standing = Standing.none
        /// Conversations that nobody uses now.
        var idle: [KeeperChannel] = []
    }

    private let program: String
    private let stateRoot: String
    private let own = OwnSpawner()
    private let state = Mutex(State())

    /// - Parameters:
    ///   - program: of the command line.
    ///   - stateRoot: absolute.
    init(program: String, stateRoot: String) {
        self.program = program
        self.stateRoot = stateRoot
    }

    func run(_ order: ProgramOrder, input: borrowing RequestInput) async throws(Failure) -> Exit {
        guard let talk = try begin(.run, order, [input.descriptor]) else {
            return try await own.run(order, input: input)
        }
        let answer = await withTaskCancellationHandler { talk.answer() } onCancel: { talk.stop() }
        talk.close()
        switch answer?.word {
        case .ended:
            guard let exit = answer.flatMap({ Exit(body: $0.body) }), talk.channel.send(.taken) else { break }
            rest(talk.channel)
            return exit
        case .refused:
            rest(talk.channel)
            throw Self.refusal(answer, order)
        default: break
        }
        await KeeperTalk.endAbandoned(order)
        throw Failure(.lost, "the keeper of this engine's processes is gone; what was left of the process was ended")
    }

    func start(_ order: ProgramOrder, input: Int32, output: Int32?) throws(Failure) -> any StartedProgram {
        guard let talk = try begin(.start, order, [input] + [output].compactMap { $0 }) else {
            return try own.start(order, input: input, output: output)
        }
        let answer = talk.answer()
        if answer?.word == .started { return talk }
        rest(talk.channel)
        throw Self.refusal(answer, order)
    }

    func shutdown(leaving: Bool) {
        let link: KeeperLink? = state.withLock { state in
            defer { state = State() }
            if case .up(let link) = state.standing { return link }
            return nil
        }
        if leaving { link?.letGo() } else { link?.end() }
    }

    /// Hands the order to the keeper. Nil: there is none and will be none.
    private func begin(
        _ word: KeeperChannel.Word, _ order: ProgramOrder, _ descriptors: [Int32]
    ) throws(Failure) -> KeeperTalk? {
        let body = order.body
        // A keeper that was ended is noticed by what is said to it next.
        for _ in 0..<3 {
            guard let channel = try channel() else { return nil }
            if channel.send(word, body, descriptors: descriptors) { return KeeperTalk(channel, order) }
            state.withLock { $0.idle = [] }
        }
        throw Failure(.infra, "keepers of this engine's processes end as soon as they are started")
    }

    private func channel() throws(Failure) -> KeeperChannel? {
        let result: Result<KeeperChannel?, Failure> = state.withLock { state in
            if let idle = state.idle.popLast() { return .success(idle) }
            do throws(Failure) {
                if case .up(let link) = state.standing {
                    if let fresh = try link.converse() { return .success(fresh) }
                    link.end()
                    state.standing = .none
                }
                if case .impossible = state.standing { return .success(nil) }
                guard let link = try? KeeperLink(program: program, stateRoot: stateRoot) else {
                    state.standing = .impossible
                    return .success(nil)
                }
                state.standing = .up(link)
                return .success(try link.converse())
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func rest(_ channel: KeeperChannel) { state.withLock { $0.idle.append(channel) } }

    private static func refusal(_ answer: KeeperChannel.Message?, _ order: ProgramOrder) -> Failure {
        answer.flatMap { Failure(body: $0.body) }
            ?? Failure(.lost, "the keeper of this engine's processes ended while it started \(order.program.path)")
    }
}
