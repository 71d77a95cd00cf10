import ImflowHTTP
import ImflowExecution
import ImflowPlan

/// Whether an instance that listens is ready.
enum RestEndpoint {
    private static let firstPause = Duration.milliseconds(5)
    private static let longestPause = Duration.milliseconds(250)

    /// Returns when the instance is ready, as its protocol tells (``InstanceProbe``). Throws when the instance ends before, or is not
    /// ready until `deadline`.
    /// - Parameters:
    ///   - window: what the deadline left it, for the message.
    ///   - readiness: is told what each probe saw.
    static func waitUntilReady(
        _ lease: InstanceLease, model: ModelPlan, within window: TimeSpan, until deadline: ContinuousClock.Instant,
        client: HTTPClient, readiness: Readiness
    ) async throws(Failure) {
        var pause = firstPause
        var last = "nothing accepts connections on port \(port(of: lease.instance))"
        while true {
            switch await InstanceProbe(of: lease.instance, model: model, client: client).look() {
            case .ready:
                // Where its program has ended, somebody else answers there.
                if await lease.instance.exit() == nil { return }
            case .notYet(let seen): last = seen ?? last
            case .never(let failure): throw failure
            }
            readiness.note(last)
            if let failure = await lease.instance.severed(isPatient: false) { throw failure }
            if let exit = await lease.instance.exit() {
                throw exit.failure(of: model.name, "before it was ready", log: lease.log.tail(from: 0))
            }
            if Task.isCancelled { throw .cancelled }
            guard ContinuousClock.now < deadline else {
                let log = lease.log.tail(from: 0)
                throw Failure(
                    .app,
                    "model \(model.name) was not ready within \(window.seconds) s (\(last))"
                        + (log.isEmpty ? "" : "; the end of its log:\n" + log))
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 3 / 2, longestPause)
        }
    }

    private static func port(of instance: any ModelInstance) -> String {
        instance.baseURL?.split(separator: ":").last.map(String.init) ?? "?"
    }
}
