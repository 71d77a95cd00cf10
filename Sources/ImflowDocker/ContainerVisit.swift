import ImflowExecution
import ImflowInvocation
import Synchronization

/// One container from its start to its end.
struct ContainerVisit: Sendable {
    final class StartMark: Sendable {
        private let time = Mutex<ContinuousClock.Instant?>(nil)
        var instant: ContinuousClock.Instant? { time.withLock { $0 } }
        func set() { time.withLock { $0 = .now } }
    }

    private enum Event: Sendable {
        /// Of what it writes nothing more comes. True: nothing is missing.
        case heard(Bool)
        case refused(Failure)
        case ended(Result<Int, Failure>)
        case late
    }

    /// How long what was written last may take to arrive behind the news of the end; then the engine's record is read.
    private static let patience = Duration.seconds(5)

    var containers: Containers
    var container: PlacedContainer
    var model: String
    var input: [UInt8]
    var log: ContainerLog
    /// When the program ran.
    let started = StartMark()

    func result() async -> Result<Exit, Failure> {
        let (ended, isWhole) = await withTaskGroup(of: Event.self) { group in
            let ended = await self.ended(&group)
            group.cancelAll()
            await group.waitForAll()
            return ended
        }
        do throws(Failure) {
            return .success(try await exit(code: ended.get(), isWhole: isWhole))
        } catch {
            return .failure(error)
        }
    }

    private func ended(_ group: inout TaskGroup<Event>) async -> (Result<Int, Failure>, isWhole: Bool) {
        do throws(Failure) {
            if container.isAdopted {
                group.addTask {
                    // What following misses is read again after the end.
                    try? await containers.readLog(container.id, follow: true, into: log)
                    return .heard(false)
                }
            } else {
                try await start(&group)
            }
        } catch {
            return (.failure(error), false)
        }
        group.addTask {
            do throws(Failure) {
                return .ended(.success(try await containers.wait(container.id, model: model)))
            } catch {
                return .ended(.failure(error))
            }
        }
        return await conclusion(&group)
    }

    private func conclusion(_ group: inout TaskGroup<Event>) async -> (Result<Int, Failure>, isWhole: Bool) {
        var heard: Bool?
        var code: Int?
        for await event in group {
            switch event {
            case .heard(let isWhole): heard = isWhole
            case .refused(let failure), .ended(.failure(let failure)): return (.failure(failure), false)
            case .ended(.success(let known)):
                code = known
                if heard == nil {
                    group.addTask {
                        try? await Task.sleep(for: Self.patience)
                        return .late
                    }
                }
            case .late: heard = false
            }
            if let code, let heard { return (.success(code), heard) }
        }
        return (.failure(Failure(.infra, "nobody waits for model \(model)")), false)
    }

    private func start(_ group: inout TaskGroup<Event>) async throws(Failure) {
        let (ready, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let waitsForInput = ContainerInput(of: input) == .beforeStart
        group.addTask {
            defer { signal.finish() }
            return await converse(opened: { if !waitsForInput { signal.yield() } }, written: { signal.yield() })
        }
        try await wait(for: ready, &group)
        try await containers.start(container.id, model: model)
        started.set()
    }

    private func wait(for ready: AsyncStream<Void>, _ group: inout TaskGroup<Event>) async throws(Failure) {
        for await _ in ready { return }
        if Task.isCancelled { throw Failure(.cancelled, "cancelled") }
        if case .refused(let failure)? = await group.next() { throw failure }
        throw Failure(.infra, "the Docker engine does not take the request of model \(model)")
    }

    /// Hands the program its request and takes what it writes. A connection that broke is no failure: either the program
    /// ended without reading all of its input, or the engine died, which waiting for the program tells.
    private func converse(
        opened: @escaping @Sendable () -> Void, written: @escaping @Sendable () -> Void
    ) async -> Event {
        let written = Written(then: written)
        log.restart()
        let answer = try? await containers.engine.attach(
            container.id, input: input, purpose: "handing model \(model) its request", opened: opened,
            written: { written.note() },
            // Where nothing more is wanted, the way in is still needed until the input is through.
            onChunk: { [log] chunk in log.take(chunk) || !written.isNoted })
        guard let answer else { return .heard(false) }
        guard answer.status < 400 else {
            return .refused(
                Failure(.infra, "the Docker engine does not hand model \(model) its request: \(answer.message)"))
        }
        // Podman may close the stream before it handed on all: its record has it.
        return .heard((try? await containers.engine.isPodman()) == false)
    }

    private func exit(code: Int, isWhole: Bool) async throws(Failure) -> Exit {
        if !isWhole, log.isOpen { try await containers.readLog(container.id, follow: false, into: log) }
        log.finish()
        var exit = InspectedContainer.exit(code: code, outOfMemory: false)
        // Only of a failure does it matter whether memory ran out, or who ended it.
        if code != 0 {
            guard let found = try await containers.inspect(container.id), !found.isBeingRemoved else {
                throw Containers.vanished(model)
            }
            exit.outOfMemory = found.outOfMemory
            exit.interruption = try await containers.interruption(
                of: container.id, exit, wasUnwatched: container.isAdopted)
        }
        exit.outputTruncated = log.overflowed
        exit.output = log.takeOutput()
        return exit
    }
}

/// Whether all of a request is on its way.
private final class Written: Sendable {
    private let noted = Atomic(false)
    private let then: @Sendable () -> Void

    init(then: @escaping @Sendable () -> Void) { self.then = then }

    var isNoted: Bool { noted.load(ordering: .relaxed) }

    func note() {
        noted.store(true, ordering: .relaxed)
        then()
    }
}
