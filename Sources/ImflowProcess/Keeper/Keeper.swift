import CSpawnShim
import Glibc
import ImflowContent
import ImflowExecution
import ImflowInvocation
import Synchronization

/// The parent of an engine's model processes, in a process and a session of its own, so that they outlive the engine.
///
/// It takes what they print, redacts and bounds their logs, and learns how they end. When the engine is killed, an `exec`
/// program goes on, and its end is recorded beside its work folder for the next engine, which may also wait for it here.
/// A warm program whose pipes the engine held is ended; one that listens stays for a while, so that a later engine can take
/// it. The keeper ends when its engine is gone and nothing runs.
///
/// Each engine has a keeper of its own: its models get that engine's limits, control group and umask, another version of
/// imflow never has to be spoken with but for adoption, and no two engines wait for one another's.
package final class Keeper: Sendable {
    private struct State {
        var programs: [String: KeptProgram] = [:]
        var instances: [String: KeptInstance] = [:]
        var conversations = 0
        var engineLives = true
        /// Engines that wait for this process's end.
        var leaving: [KeeperChannel] = []
    }

    /// Most conversations at once; a later engine that wants one more is turned away.
    private static let conversationLimit = 1024

    private let memory = OutOfMemoryCounter()
    private let state = Mutex(State())
    /// Its reading end can be read from when a conversation has ended.
    private let wake: (reading: OpenDescriptor, writing: OpenDescriptor)

    private init() throws(Failure) {
        let ends = try OutputPipe.ends()
        wake = (OpenDescriptor(owning: ends.reading), OpenDescriptor(owning: ends.writing))
        for end in [ends.reading, ends.writing] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    /// Serves the engine at the other end of standard input until it is gone and nothing runs any more.
    /// - Parameter stateRoot: the state folder; absolute.
    /// - Returns: false when no engine is there.
    package static func serve(stateRoot: String) async -> Bool {
        guard imflow_peer_is_own_user(STDIN_FILENO) != 0 else { return false }
        signal(SIGPIPE, SIG_IGN)
        // Started from /proc/self/exe, it would be called `exe`.
        let title = OpenDescriptor(owning: open("/proc/self/comm", O_WRONLY | O_CLOEXEC))
        write(title.number, "imflow-keeper", 13)
        let folder = KeeperFolder(StateFolder(root: stateRoot).keepers)
        let name = "\(getpid())-" + String(UInt64.random(in: .min ... .max), radix: 16)
        guard let keeper = try? Keeper() else { return false }
        let listener = folder.listen(as: name)
        await withTaskExecutorPreference(BlockingThreads.shared) {
            keeper.serve(KeeperChannel(owning: STDIN_FILENO), listener: listener ?? -1)
        }
        folder.remove(name)
        return true
    }

    /// - Parameter listener: -1: no later engine will find this keeper.
    private func serve(_ control: KeeperChannel, listener: Int32) {
        control.send(.hello, Array(KeeperChannel.version.utf8))
        var watched = [control.descriptor, listener, wake.reading.number].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while state.withLock({ $0.engineLives || $0.conversations > 0 }) {
            guard poll(&watched, 3, -1) > 0 else { continue }
            if watched[2].revents != 0 { drainWake() }
            if watched[0].revents != 0, !heed(control) { watched[0].fd = -1 }
            if watched[1].revents != 0 { accept(listener) }
        }
    }

    /// - Returns: false when the engine is gone.
    private func heed(_ control: KeeperChannel) -> Bool {
        guard let message = control.receive() else {
            state.withLock { $0.engineLives = false }
            return false
        }
        if message.word == .open, let socket = message.descriptors.first {
            converse(KeeperChannel(socket), isEngine: true)
        }
        return true
    }

    private func accept(_ listener: Int32) {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else {
            // Who knocks stays there: another try is worth a moment's wait.
            if errno != EAGAIN, errno != EINTR { poll(nil, 0, 50) }
            return
        }
        let channel = KeeperChannel(owning: descriptor)
        guard imflow_peer_is_own_user(descriptor) != 0,
            state.withLock({ $0.conversations }) < Self.conversationLimit
        else { return }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        channel.send(.hello, Array(KeeperChannel.version.utf8))
        converse(channel, isEngine: false)
    }

    private func drainWake() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(wake.reading.number, &bytes, bytes.count) > 0 {}
    }

    /// - Parameter isEngine: it is this keeper's own, for which it starts programs.
    private func converse(_ channel: KeeperChannel, isEngine: Bool) {
        state.withLock { $0.conversations += 1 }
        Task(executorPreference: BlockingThreads.shared) {
            await self.heed(channel, isEngine: isEngine)
            self.state.withLock { $0.conversations -= 1 }
            write(self.wake.writing.number, [0], 1)
        }
    }

    private func heed(_ channel: KeeperChannel, isEngine: Bool) async {
        while let message = channel.receive() {
            switch message.word {
            case .run where isEngine: guard await run(message, channel) else { return }
            case .start where isEngine: return await start(message, channel)
            case .adopt: return await adopt(message, channel)
            case .take: return await take(message, channel)
            case .farewell: return farewell(channel)
            // A program may have ended by itself when it was to be stopped.
            case .stop: continue
            default: return
            }
        }
    }

    /// - Returns: false when the engine is gone.
    private func run(_ message: KeeperChannel.Message, _ channel: KeeperChannel) async -> Bool {
        guard let order = ProgramOrder(body: message.body), let input = message.descriptors.first, !channel.isHungUp
        else { return false }
        let run: ChildRun
        do throws(Failure) {
            run = try ChildRun(order, input: input.number, output: .collected, memory: memory)
        } catch { return channel.send(.refused, error.body) }
        input.close()
        let program = KeptProgram(run)
        state.withLock { $0.programs[order.key] = program }
        let exit = await run.wait(watching: [
            ChildProcess.Stream(descriptor: channel.descriptor, take: { _ in run.stop() })
        ])
        let isTaken = channel.send(.ended, exit.body) && Self.isTaken(channel)
        // What failed may have failed because its engine was gone, as a model does that had asked it for a job: it is lost.
        if !isTaken, exit.code == 0 {
            ExitRecord.write(exit, of: order.key, to: order.recordPath)
        }
        state.withLock { $0.programs[order.key] = nil }
        program.close()
        return isTaken
    }

    private static func isTaken(_ channel: KeeperChannel) -> Bool {
        while let message = channel.receive() {
            if message.word == .taken { return true }
        }
        return false
    }

    private func start(_ message: KeeperChannel.Message, _ channel: KeeperChannel) async {
        guard let order = ProgramOrder(body: message.body), let input = message.descriptors.first else { return }
        let output = message.descriptors.dropFirst().first
        let run: ChildRun
        do throws(Failure) {
            run = try ChildRun(
                order, input: input.number, output: output.map { .given($0.number) } ?? .logged, memory: memory)
        } catch {
            channel.send(.refused, error.body)
            return
        }
        // They are the program's alone, so that their closing is seen.
        for descriptor in message.descriptors { descriptor.close() }
        let instance = KeptInstance(run, limit: order.outlives)
        state.withLock { $0.instances[order.key] = instance }
        channel.send(.started)
        let exit = await run.wait(watching: [
            ChildProcess.Stream(
                descriptor: channel.descriptor, take: { instance.heed($0) }, ended: { instance.letGo() })
        ])
        state.withLock { $0.instances[order.key] = nil }
        instance.close(exit)
        channel.send(.ended, exit.body)
    }

    private func take(_ message: KeeperChannel.Message, _ channel: KeeperChannel) async {
        let key = String(decoding: message.body, as: UTF8.self)
        guard let instance = state.withLock({ $0.instances[key] }), instance.take() else {
            channel.send(.unknown)
            return
        }
        await instance.serve(channel)
    }

    private func adopt(_ message: KeeperChannel.Message, _ channel: KeeperChannel) async {
        let key = String(decoding: message.body, as: UTF8.self)
        guard let program = state.withLock({ $0.programs[key] }) else {
            channel.send(.unknown)
            return
        }
        await program.serve(channel)
    }

    private func farewell(_ channel: KeeperChannel) {
        let isNeeded = state.withLock { state in
            if state.engineLives || !state.programs.isEmpty || !state.instances.isEmpty { return true }
            state.leaving.append(channel)
            return false
        }
        if isNeeded { channel.send(.needed) }
    }
}
