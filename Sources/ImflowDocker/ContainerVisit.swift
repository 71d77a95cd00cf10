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
        case fed(Failure?)
        case followed
        case ended(Result<Int, Failure>)
    }

    var containers: Containers
    var container: PlacedContainer
    var model: String
    var input: [UInt8]
    var log: ContainerLog
    /// When the program ran.
    let started = StartMark()

    func result() async -> Result<Exit, Failure> {
        let ended = await withTaskGroup(of: Event.self) { group in
            let ended = await self.ended(&group)
            group.cancelAll()
            await group.waitForAll()
            return ended
        }
        do throws(Failure) {
            return .success(try await exit(code: ended.get()))
        } catch {
            return .failure(error)
        }
    }

    private func ended(_ group: inout TaskGroup<Event>) async -> Result<Int, Failure> {
        do throws(Failure) {
            if !container.isAdopted { try await start(&group) }
        } catch {
            return .failure(error)
        }
        group.addTask {
            // What following misses is read again after the end.
            try? await containers.readLog(container.id, follow: true, into: log)
            return .followed
        }
        group.addTask {
            do throws(Failure) {
                return .ended(.success(try await containers.wait(container.id, model: model)))
            } catch {
                return .ended(.failure(error))
            }
        }
        for await event in group {
            switch event {
            case .fed(nil), .followed: break
            case .fed(let failure?): return .failure(failure)
            case .ended(let result): return result
            }
        }
        return .failure(Failure(.infra, "nobody waits for model \(model)"))
    }

    private func start(_ group: inout TaskGroup<Event>) async throws(Failure) {
        let (written, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        group.addTask {
            defer { signal.finish() }
            return .fed(await feed { signal.yield() })
        }
        if ContainerInput(of: input) == .beforeStart {
            try await wait(for: written, &group)
        }
        try await containers.start(container.id, model: model)
        started.set()
    }

    private func wait(for written: AsyncStream<Void>, _ group: inout TaskGroup<Event>) async throws(Failure) {
        for await _ in written { return }
        if Task.isCancelled { throw Failure(.cancelled, "cancelled") }
        if case .fed(let failure?) = await group.next() { throw failure }
        throw Failure(.infra, "the Docker engine does not take the request of model \(model)")
    }

    /// Nil also when the connection broke: either the program ended without reading all of its input, or the engine
    /// died, which waiting for the program tells.
    private func feed(written: @escaping @Sendable () -> Void) async -> Failure? {
        let answer = try? await containers.engine.attach(
            container.id, input: input, purpose: "handing model \(model) its request", written: written)
        guard let answer, answer.status >= 400 else { return nil }
        return Failure(.infra, "the Docker engine does not hand model \(model) its request: \(answer.message)")
    }

    private func exit(code: Int) async throws(Failure) -> Exit {
        if log.isOpen { try await containers.readLog(container.id, follow: false, into: log) }
        log.finish()
        // Only of a failure does it matter whether memory ran out.
        let outOfMemory = code == 0 ? false : try await containers.inspect(container.id)?.outOfMemory ?? false
        var exit = InspectedContainer.exit(code: code, outOfMemory: outOfMemory)
        exit.outputTruncated = log.overflowed
        exit.output = log.takeOutput()
        return exit
    }
}
