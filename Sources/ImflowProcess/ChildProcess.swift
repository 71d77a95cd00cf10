import CSpawnShim
import Glibc
import ImflowExecution
import Synchronization

/// A started program and its process group, from its start until nothing of the group is left.
final class ChildProcess: Sendable {
    /// What one of its streams is handed to, as it comes.
    struct Stream {
        /// The end to read from; stays the caller's.
        let descriptor: Int32
        let take: (UnsafeRawBufferPointer) -> Void
        /// Called once, when it ends before the program does.
        let ended: () -> Void

        init(
            descriptor: Int32, take: @escaping (UnsafeRawBufferPointer) -> Void, ended: @escaping () -> Void = {}
        ) {
            self.descriptor = descriptor
            self.take = take
            self.ended = ended
        }
    }

    private static let pieceSize = 1 << 16
    /// What a pipe can hold on Linux (1 MiB), in pieces, and one more.
    private static let piecesOfAPipe = 17

    let group: pid_t
    /// Can be read from once the program has ended.
    let ending: Int32
    /// Once the leader is reaped, its number may be another's.
    private let isReaped = Mutex(false)

    /// Starts the program; does not return before it runs. The descriptors stay the caller's.
    init(_ program: Program, input: Int32, output: Int32, error: Int32) throws(Failure) {
        var process: pid_t = 0
        var ending: Int32 = -1
        let code = program.withOrder { order in
            order.input = input
            order.output = output
            order.error = error
            return imflow_spawn(&order, &process, &ending)
        }
        guard code == 0 else { throw Self.failure(code, of: program) }
        group = process
        self.ending = ending
    }

    deinit { close(ending) }

    /// Waits, blocking the thread, until the program has ended; then the rest of its group is killed. To be called once.
    /// - Returns: the status that waitpid(2) answered.
    func wait(reading streams: [Stream]) -> Int32 {
        withUnsafeTemporaryAllocation(byteCount: Self.pieceSize, alignment: 16) { piece in
            var watched = streams.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            watched.append(pollfd(fd: ending, events: Int16(POLLIN), revents: 0))
            while watched[streams.count].revents == 0 {
                guard poll(&watched, nfds_t(watched.count), -1) > 0 else { continue }
                for index in streams.indices { Self.read(streams[index], &watched[index], piece) }
            }
            let status = reap()
            // What the group wrote before its end is in the pipes. Who left the group may go on writing for ever.
            watched.removeLast()
            for _ in 0..<Self.piecesOfAPipe {
                guard poll(&watched, nfds_t(watched.count), 0) > 0 else { break }
                for index in streams.indices { Self.read(streams[index], &watched[index], piece) }
            }
            return status
        }
    }

    /// Sends the signal to the group, if there is one still.
    func signal(_ number: Int32) {
        isReaped.withLock { if !$0 { kill(-group, number) } }
    }

    /// Asks the group to end, and kills it when it has not after `grace`. Does not wait.
    func stop(grace: Duration) {
        signal(SIGTERM)
        Task {
            try? await Task.sleep(for: grace)
            signal(SIGKILL)
        }
    }

    private func reap() -> Int32 {
        isReaped.withLock { isReaped in
            // The leader is not reaped yet, so its number names this group only.
            kill(-group, SIGKILL)
            var status: Int32 = 0
            while waitpid(group, &status, 0) < 0, errno == EINTR {}
            isReaped = true
            return status
        }
    }

    /// Reads once, when there is something to read; a stream that has ended is not watched any more.
    private static func read(_ stream: Stream, _ watch: inout pollfd, _ piece: UnsafeMutableRawBufferPointer) {
        guard watch.fd >= 0, watch.revents != 0 else { return }
        let count = Glibc.read(watch.fd, piece.baseAddress, piece.count)
        if count > 0 {
            stream.take(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        } else if count == 0 || errno != EINTR {
            watch.fd = -1
            watch.revents = 0
            stream.ended()
        }
    }

    private static func failure(_ code: Int32, of program: Program) -> Failure {
        let model = "model \(program.model)"
        if access(program.folder, X_OK) != 0 {
            return Failure(.infra, "\(model): its folder \(program.folder) cannot be entered")
        }
        let reason = String(cString: strerror(code)).lowercased()
        switch code {
        case ENOENT, ENOTDIR:
            return Failure(.app, "\(model): \(program.path) was not found, or its interpreter was not")
        case ENOEXEC:
            return Failure(
                .app, "\(model): \(program.path) is no program; a script begins with #! and its interpreter")
        case EACCES, EPERM, ELOOP:
            return Failure(.app, "\(model): \(program.path), or its interpreter, cannot be run: \(reason)")
        case E2BIG:
            return Failure(.app, "\(model): \(program.path) cannot be run: its arguments and env are too long")
        default: return Failure(.infra, "\(model): \(program.path) could not be run: \(reason)")
        }
    }
}
