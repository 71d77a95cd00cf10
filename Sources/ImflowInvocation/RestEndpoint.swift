import ImflowHTTP
import ImflowExecution
import ImflowPlan

/// The address of a `rest` instance, and whether it is ready there.
enum RestEndpoint {
    private static let firstPause = Duration.milliseconds(5)
    private static let longestPause = Duration.milliseconds(250)

    static func url(of path: String, on instance: any ModelInstance) -> String {
        (instance.baseURL ?? "") + (path.hasPrefix("/") ? path : "/" + path)
    }

    /// Returns when `GET health` answers 200, or 404: the port accepts. Throws when the instance ends before, or is not
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
            let (ready, state) = await probe(lease.instance, model: model, client: client)
            if ready { return }
            if let state { last = "GET \(model.health) \(state)" }
            readiness.note(last)
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

    /// - Returns: whether it is ready, and what was seen, nil: nothing new.
    static func probe(
        _ instance: any ModelInstance, model: ModelPlan, client: HTTPClient, within limit: TimeSpan = TimeSpan(seconds: 5)
    ) async -> (Bool, String?) {
        let request = HTTPRequest(
            "GET", url(of: model.health, on: instance), timeout: limit,
            connectTimeout: TimeSpan(seconds: 2), maximumBodyBytes: 1 << 20)
        do {
            let status = try await client.send(request).status
            return (status == 200 || status == 404, "answered with status \(status)")
        } catch HTTPError.cannotConnect { return (false, nil) } catch { return (false, "failed: \(error)") }
    }

    private static func port(of instance: any ModelInstance) -> String {
        instance.baseURL?.split(separator: ":").last.map(String.init) ?? "?"
    }
}
