import ImflowExecution
import ImflowInvocation
import ImflowPlan
import Synchronization

/// A warm container: on its job's private network, or `jsonl` on its standard input and output. What it writes besides goes to
/// the launch's log while it runs.
final class DockerInstance: ModelInstance {
    let baseURL: String?
    /// What carries requests to it from another machine.
    private let forward: SSHForward?
    private let host: DockerHost
    private let container: String
    private let launch: Launch
    private let log: ContainerLog
    /// Of a `jsonl` program; its standard output is no part of the log.
    private let lines: ContainerLines?
    /// What it had written before is in the log already; nil: nothing is.
    private let since: String?
    private let following: Task<Void, Never>
    private let ended = Mutex<Exit?>(nil)
    /// Of memory, that were told already.
    private let shortages = Mutex(0)

    init(
        host: DockerHost, container: String, launch: Launch, baseURL: String?, forward: SSHForward? = nil,
        log: ContainerLog, lines: ContainerLines? = nil, since: String? = nil
    ) {
        self.host = host
        self.container = container
        self.launch = launch
        self.baseURL = baseURL
        self.forward = forward
        self.log = log
        self.lines = lines
        self.since = since
        following = Task {
            try? await host.containers.readLog(
                container, follow: true, output: lines == nil, since: since, into: log)
        }
    }

    private var model: ModelPlan { launch.model }

    var socket: String? { forward?.socket }

    func severed(isPatient: Bool) async -> Failure? { await forward?.severed(isPatient: isPatient) }

    /// The container; what is only reached through this engine process ends with it.
    var handle: String? {
        lines == nil && baseURL != nil && forward == nil && host.files == .bind ? container : nil
    }

    func leave(for time: TimeSpan) async -> Bool {
        guard handle != nil else { return false }
        following.cancel()
        await following.value
        log.finish()
        host.letGo(container)
        return true
    }

    deinit { following.cancel() }

    /// Once it has ended, its log is whole. While the engine cannot be asked, nothing new is known.
    func exit() async -> Exit? {
        if let exit = ended.withLock({ $0 }) { return exit }
        // Lines that are open are those of a program that runs; the engine need not be asked before each.
        if let lines, !lines.isClosed { return nil }
        do throws(Failure) {
            var exit = Exit(code: nil, signal: 9)
            if let inspected = try await host.containers.inspect(container) {
                guard inspected.hasEnded else { return nil }
                exit = InspectedContainer.exit(code: inspected.exitCode, outOfMemory: inspected.outOfMemory)
                exit.interruption =
                    inspected.isBeingRemoved ? .removed : try await host.containers.interruption(of: container, exit)
                await completeLog()
            } else {
                exit.interruption = .removed
            }
            return note(exit)
        } catch { return nil }
    }

    /// What is known of its end first, stays.
    private func note(_ exit: Exit) -> Exit {
        ended.withLock { known in
            known = known ?? exit
            return known ?? exit
        }
    }

    func trouble() async -> Failure? {
        do throws(Failure) {
            let shortages = try await host.containers.history(of: container).shortages
            let isNew = self.shortages.withLock { known in
                defer { known = max(known, shortages) }
                return shortages > known
            }
            return isNew ? Failure(.oom, "a process of model \(model.name) was killed because memory ran out") : nil
        } catch {
            return Task.isCancelled ? nil : error
        }
    }

    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]? {
        guard let lines else { return nil }
        return try await lines.exchange(line)
    }

    func execute(_ command: [String]) async throws(Failure) -> Exit {
        let log = try host.log(of: launch, collectsOutput: false)
        let code = try await host.containers.execute(command, in: container, model: model.name, log: log)
        return InspectedContainer.exit(code: code, outOfMemory: false)
    }

    func hand(_ folder: String, as guest: String) async throws(Failure) {
        try await host.volume(of: container, model: model)?.put(folder, at: guest)
    }

    func bring(
        _ names: @Sendable () -> [String], from guest: String, into folder: String
    ) async throws(Failure) {
        try await host.volume(of: container, model: model)?.bring(names(), from: guest, into: folder)
    }

    /// What cannot be removed now goes with the container.
    func drop(_ guest: String) async {
        guard let volume = host.volume(of: container, model: model) else { return }
        await uncancelled { try? await volume.drop(guest) }
    }

    func stop() async {
        lines?.close()
        await uncancelled { [self] in
            if await exit() == nil {
                await host.containers.kill(container)
                _ = try? await host.containers.wait(container, model: container)
                await completeLog()
                _ = note(Exit(code: nil, signal: 9))
            }
            following.cancel()
            await forward?.close()
            await host.remove(container)
        }
    }

    /// Following may miss what was written last.
    private func completeLog() async {
        following.cancel()
        await following.value
        if log.isOpen {
            try? await host.containers.readLog(container, follow: false, output: lines == nil, since: since, into: log)
        }
        log.finish()
    }
}
