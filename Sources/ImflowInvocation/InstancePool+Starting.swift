import ImflowExecution

extension InstancePool {
    /// Whether those who wait, wait for a start.
    var isStarting: Bool { !starts.isEmpty || retry != nil }

    /// Starts what those who wait need, and what is to be kept at least.
    func startMissing() {
        let asleep = slots.count { $0.inUse == 0 && checks[$0.lease.token] != nil }
        let unserved = max(0, waiters.count - (starts.count + asleep) * settings.capacity)
        let forWaiters = (unserved + settings.capacity - 1) / settings.capacity
        let usable = slots.count { !$0.isRetiring } + starts.count
        // For nobody, what did not start is not tried again.
        let kept = waiters.isEmpty && backoff.failures > 0 ? 0 : minimum - usable
        let room = min(settings.maximum, growth) - slots.count - starts.count - stopping
        // The first one is told the port of the manifest, and must not find another one there before it.
        let isFirst = starter.host.sharesPorts && starter.model.callProtocol.isHTTP && slots.isEmpty
        let missing = min(isFirst ? 1 - starts.count : room, room, max(forWaiters, kept))
        guard missing > 0, retry == nil, let environment = waiters.first?.environment ?? lastEnvironment else { return }
        if let pause = backoff.pause {
            retry = Task {
                try? await Task.sleep(for: pause)
                self.tryAgain()
            }
            return
        }
        for _ in 0..<missing { begin(environment) }
    }

    private func tryAgain() {
        retry = nil
        pump()
    }

    private func begin(_ environment: @escaping Environment) {
        let token = InstanceStarter.drawToken()
        let starter = starter
        starts[token] = Task {
            do throws(StartFailure) {
                await self.started(token, try await starter.obtain(token: token, environment: environment))
            } catch { self.notStarted(token, error) }
        }
    }

    /// - Parameter token: of the start; an instance that is taken over has one of its own.
    private func started(_ token: String, _ lease: InstanceLease) async {
        starts[token] = nil
        guard !isClosed else { return await stop(lease) }
        backoff.succeeded()
        slots.append(Slot(lease: lease))
        startWatch()
        pump()
    }

    private func notStarted(_ token: String, _ failure: StartFailure) {
        starts[token] = nil
        backoff.failed()
        if slots.contains(where: { !$0.isRetiring }) || !starts.isEmpty {
            growth = max(1, slots.count + starts.count)
        } else if !failure.ended || backoff.isExhausted {
            growth = settings.maximum
            fail(failure.failure)
        }
        pump()
    }
}
