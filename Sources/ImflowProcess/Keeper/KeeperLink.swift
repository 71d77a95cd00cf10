import CSpawnShim
import Glibc
import ImflowExecution

/// An engine's hold on its keeper: while it is there, so is the keeper.
final class KeeperLink: Sendable {
    /// How long a keeper may take to end that has nothing to do any more, in milliseconds.
    private static let patience: Int32 = 10_000

    private let control: KeeperChannel
    private let process: pid_t
    /// Can be read from once the keeper has ended.
    private let ending: OpenDescriptor

    /// Starts a keeper, and returns when it listens.
    /// - Parameter program: the command line's; its environment has nothing of ours that a model would not get.
    init(program: String, stateRoot: String) throws(Failure) {
        (control, process, ending) = try Self.start(program, stateRoot)
        guard let hello = control.receiveSoon(), hello.word == .hello,
            hello.body.elementsEqual(KeeperChannel.version.utf8)
        else {
            end()
            throw Failure(.infra, "\(program) does not start as a keeper")
        }
    }

    private static func start(
        _ program: String, _ stateRoot: String
    ) throws(Failure) -> (KeeperChannel, pid_t, OpenDescriptor) {
        let (control, theirs) = try KeeperChannel.pair()
        let nothing = OpenDescriptor(owning: open("/dev/null", O_RDWR | O_CLOEXEC))
        let keeper = Program(
            model: "keeper", path: program, folder: "/", name: "imflow", arguments: ["keeper", "--state", stateRoot],
            variables: ProcessCommand.base)
        var process: pid_t = 0
        var ending: Int32 = -1
        let code = keeper.withOrder { order in
            order.input = theirs.descriptor
            order.output = nothing.number
            order.error = nothing.number
            order.session = 1
            return imflow_spawn(&order, &process, &ending)
        }
        guard code == 0 else {
            let reason = String(cString: strerror(code)).lowercased()
            throw Failure(.infra, "cannot start \(program) as a keeper: \(reason)")
        }
        return (control, process, OpenDescriptor(owning: ending))
    }

    /// Another conversation with the keeper; nil: it is gone.
    func converse() throws(Failure) -> KeeperChannel? {
        let (ours, theirs) = try KeeperChannel.pair()
        return control.send(.open, descriptors: [theirs.descriptor]) ? ours : nil
    }

    /// Lets go of the keeper, which goes by itself when what it keeps is over.
    func letGo() { control.hangUp() }

    /// Lets go of the keeper, and returns when it is gone: it goes by itself when nothing runs and nobody talks to it.
    func end() {
        control.hangUp()
        var watched = pollfd(fd: ending.number, events: Int16(POLLIN), revents: 0)
        if poll(&watched, 1, Self.patience) <= 0 { kill(process, SIGKILL) }
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }
}
