import ImflowExecution
import ImflowPlan

extension InstanceStarter {
    /// How often the `health` hook is run until it succeeds.
    private static let firstPause = Duration.milliseconds(20)
    private static let longestPause = Duration.milliseconds(500)

    /// Makes a new instance ready for its first request: `init`, then ready by its protocol and its `health` hook, then
    /// `warmup`, all within ``window``.
    func prepare(_ lease: InstanceLease) async throws(Failure) {
        let deadline = ContinuousClock.now + window.duration
        try await run(model.hooks.start, named: "init", on: lease, until: deadline)
        if model.callProtocol.isHTTP {
            try await RestEndpoint.waitUntilReady(
                lease, model: model, within: window, until: deadline, client: client, readiness: readiness)
        }
        try await waitForHook(on: lease, until: deadline)
        try await run(model.hooks.warmup, named: "warmup", on: lease, until: deadline)
    }

    /// What is wrong with an instance; nil: nothing.
    func complaint(about lease: InstanceLease) async -> String? {
        if let exit = await lease.instance.exit() { return "it \(exit.sentence)" }
        let limit = TimeSpan(seconds: health.limit / .seconds(1))
        if let hook = model.hooks.health, !hook.isEmpty {
            let (result, late) = await attempt(hook, on: lease, within: limit)
            if late { return "its health hook was not done within \(limit.seconds) s" }
            return Self.complaint(result)
        }
        guard model.callProtocol.isHTTP else { return nil }
        return switch await InstanceProbe(of: lease.instance, model: model, client: client).look() {
        case .ready: nil
        case .notYet(let seen): seen ?? "it accepts no connections"
        case .never(let failure): failure.message
        }
    }

    private func run(
        _ hook: [String]?, named name: String, on lease: InstanceLease, until deadline: ContinuousClock.Instant
    ) async throws(Failure) {
        guard let hook, !hook.isEmpty else { return }
        readiness.note("its \(name) hook runs")
        let (result, late) = await attempt(hook, on: lease, within: Self.left(until: deadline))
        if Task.isCancelled { throw .cancelled }
        let what = "the \(name) hook of model \(model.name)"
        if late {
            throw Failure(
                .app, "\(what) was not done within the model's start_timeout of \(window.seconds) s\(tail(of: lease))")
        }
        if case .success(let exit) = result, exit.code == 0 { return }
        if let ended = await lease.instance.exit() {
            throw ended.failure(of: model.name, "before it was ready", log: lease.log.tail(from: 0))
        }
        throw Failure(.app, "\(what) \(try result.get().sentence)\(tail(of: lease))")
    }

    /// The `health` hook exits with 0 when the model is ready.
    private func waitForHook(on lease: InstanceLease, until deadline: ContinuousClock.Instant) async throws(Failure) {
        guard let hook = model.hooks.health, !hook.isEmpty else { return }
        var pause = Self.firstPause
        while true {
            let (result, late) = await attempt(hook, on: lease, within: Self.left(until: deadline))
            if Task.isCancelled { throw .cancelled }
            if !late {
                if try result.get().code == 0 { return }
                readiness.note(Self.complaint(result) ?? "")
            }
            if let exit = await lease.instance.exit() {
                throw exit.failure(of: model.name, "before it was ready", log: lease.log.tail(from: 0))
            }
            guard ContinuousClock.now < deadline else {
                let seen = late ? "its health hook was not done" : Self.complaint(result) ?? ""
                throw Failure(
                    .app, "model \(model.name) was not ready within \(window.seconds) s (\(seen))\(tail(of: lease))")
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// One run of a command in the instance, ended when the limit has passed or the calling task is cancelled.
    private func attempt(
        _ command: [String], on lease: InstanceLease, within limit: TimeSpan
    ) async -> (result: Result<Exit, Failure>, late: Bool) {
        let (result, late) = await withDeadline(limit) { _ async -> Result<Exit, Failure> in
            do throws(Failure) { return .success(try await lease.instance.execute(command)) } catch { return .failure(error) }
        }
        return (result, late)
    }

    private static func complaint(_ result: Result<Exit, Failure>) -> String? {
        switch result {
        case .success(let exit): exit.code == 0 ? nil : "its health hook \(exit.sentence)"
        case .failure(let failure): failure.message
        }
    }

    private static func left(until deadline: ContinuousClock.Instant) -> TimeSpan {
        TimeSpan(milliseconds: max(1, Int64((deadline - .now) / .milliseconds(1))))
    }

    private func tail(of lease: InstanceLease) -> String {
        let log = lease.log.tail(from: 0)
        return log.isEmpty ? "; it wrote nothing to its log" : "; the end of its log:\n" + log
    }
}
