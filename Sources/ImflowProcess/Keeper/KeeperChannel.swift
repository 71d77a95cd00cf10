import CSpawnShim
import Glibc
import ImflowExecution
import ImflowInvocation

/// One end of a conversation between an engine and a keeper: messages, which may carry descriptors, over a unix socket.
/// Who writes and who reads may be two threads.
final class KeeperChannel: Sendable {
    enum Word: UInt8 {
        /// A keeper's first message: the version that it speaks.
        case hello
        /// Of an engine to its own keeper, with a descriptor: another conversation, to begin at its other end.
        case open
        /// With a ``ProgramOrder`` and the program's input: run it to its end.
        case run
        /// With a ``ProgramOrder``, the program's input, and its output or none: start it, it stays.
        case start
        /// What was to be started could not be: a ``Failure``.
        case refused
        /// What was to stay runs.
        case started
        /// What was run or started has ended: an ``Exit``.
        case ended
        /// The engine has it. It is recorded for a later engine otherwise.
        case taken
        /// End what runs.
        case stop
        /// With a start's key: say whether it runs, and close this conversation when its end is recorded.
        case adopt
        case running
        case unknown
        /// Close this conversation when you end, or say that you are needed still.
        case farewell
        case needed
        /// With a start's key, for what was started to stay: say whether it runs and nobody has it, and then it is this
        /// conversation's.
        case take
        /// With milliseconds: what was started to stay may stay for so long without an engine.
        case keep
    }

    struct Message {
        let word: Word
        let body: [UInt8]
        let descriptors: [OpenDescriptor]
    }

    /// What both ends must speak alike; an engine leaves a keeper alone that says another one.
    static let version = "imflow.keeper/1"
    /// The longest body, in bytes: all of a program's output, and some more.
    private static let limit = Launch.outputLimit + 1 << 20
    static let headerSize = 5

    private let socket: OpenDescriptor

    init(_ socket: OpenDescriptor) { self.socket = socket }

    convenience init(owning descriptor: Int32) { self.init(OpenDescriptor(owning: descriptor)) }

    var descriptor: Int32 { socket.number }

    /// Two ends of one conversation.
    static func pair() throws(Failure) -> (KeeperChannel, KeeperChannel) {
        var ends: [Int32] = [-1, -1]
        let code = imflow_socket_pair(&ends)
        guard code == 0 else {
            let reason = String(cString: strerror(code)).lowercased()
            throw Failure(.infra, "no socket can be made: \(reason); raise the limit of open files (ulimit -n)")
        }
        return (KeeperChannel(owning: ends[0]), KeeperChannel(owning: ends[1]))
    }

    /// - Returns: false when the other end is gone.
    @discardableResult
    func send(_ word: Word, _ body: [UInt8] = [], descriptors: [Int32] = []) -> Bool {
        var bytes = [word.rawValue]
        bytes.reserveCapacity(Self.headerSize + body.count)
        withUnsafeBytes(of: UInt32(clamping: body.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: body)
        return imflow_send(descriptor, bytes, bytes.count, descriptors, descriptors.count) == 0
    }

    /// Waits for the next message. Nil: the other end is gone, or speaks otherwise.
    func receive() -> Message? {
        var descriptors: [OpenDescriptor] = []
        guard let header = read(Self.headerSize, &descriptors), let word = Word(rawValue: header[0]) else { return nil }
        let count = header[1...].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard count <= Self.limit, let body = read(count, &descriptors) else { return nil }
        return Message(word: word, body: body, descriptors: descriptors)
    }

    /// As ``receive()``, but does not wait longer than for one whose next message needs no work.
    func receiveSoon() -> Message? {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, Self.patience) > 0 ? receive() : nil
    }

    /// In milliseconds.
    private static let patience: Int32 = 20_000

    /// The other end is gone already, though what it said last may not have been received yet.
    var isHungUp: Bool {
        var watched = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&watched, 1, 0) > 0
    }

    /// The other end sees that this one is gone.
    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func read(_ count: Int, _ descriptors: inout [OpenDescriptor]) -> [UInt8]? {
        var isWhole = true
        var came: [Int32] = []
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, isWhole {
                var room = [Int32](repeating: -1, count: Int(imflow_descriptor_limit))
                var roomCount = room.count
                let start = buffer.baseAddress.map { $0 + filled }
                let received = imflow_receive(descriptor, start, count - filled, &room, &roomCount)
                if received > 0 { filled += received } else { isWhole = false }
                came += room.prefix(roomCount)
            }
        }
        descriptors += came.map { OpenDescriptor(owning: $0) }
        return isWhole ? bytes : nil
    }
}
