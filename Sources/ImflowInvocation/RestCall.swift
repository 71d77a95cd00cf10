import ImflowHTTP
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// The protocol `rest`: `POST path` on an instance that listens. 429, 503 and 409 say “later”, not “no”.
struct RestCall: Sendable {
    let client: HTTPClient
    let model: ModelPlan
    let lease: InstanceLease
    /// How long back-pressure is borne; nil: until the attempt's own timeout.
    let patience: TimeSpan?

    private static let firstPause = TimeSpan(milliseconds: 50)
    private static let longestPause = TimeSpan(milliseconds: 2000)
    /// No instance may ask for longer pauses by `Retry-After`.
    private static let longestRetryAfter = TimeSpan(seconds: 30)

    func result(of request: [UInt8]) async throws(ExchangeFailure) -> JSONValue {
        let clock = ContinuousClock()
        let start = clock.now
        var pause = Self.firstPause
        var statuses: Set<Int> = []
        CallObservation.note(.request(request))
        while true {
            let response = try await send(request, refusedWith: statuses)
            CallObservation.note(.reply(status: response.status, body: response.body))
            guard Self.isBackPressure(response.status) else { return try result(in: response) }
            if let patience, clock.now - start > patience.duration {
                throw .sound(refusal(response, remark: " for \(Int(patience.seconds)) s"))
            }
            statuses.insert(response.status)
            do {
                try await Task.sleep(for: max(pause, Self.wish(of: response)).duration)
            } catch { throw .sound(cancelled(refusedWith: statuses)) }
            pause = min(TimeSpan(milliseconds: pause.milliseconds * 2), Self.longestPause)
        }
    }

    /// - Parameter statuses: how it answered before.
    private func send(_ request: [UInt8], refusedWith statuses: Set<Int>) async throws(ExchangeFailure) -> HTTPResponse
    {
        let post = HTTPRequest(
            "POST", RestEndpoint.url(of: model.path, on: lease.instance),
            headers: [("Content-Type", "application/json"), ("Accept", "application/json")], body: request,
            maximumBodyBytes: Launch.outputLimit)
        do {
            return try await client.send(post)
        } catch {
            if Task.isCancelled { throw .broken(cancelled(refusedWith: statuses)) }
            throw await explained(error)
        }
    }

    private func cancelled(refusedWith statuses: Set<Int>) -> Failure {
        if statuses.isEmpty { return .cancelled }
        let seen = statuses.sorted().map(String.init).joined(separator: " or ")
        return Failure(.cancelled, "model \(model.name) answered with status \(seen) to every POST \(model.path)")
    }

    private func explained(_ error: HTTPError) async -> ExchangeFailure {
        switch error {
        case .cancelled: return .broken(.cancelled)
        case .bodyTooLarge(let limit):
            return .broken(
                Failure(.app, "model \(model.name) answered with more than \(limit) bytes; return large data as files"))
        case .cannotConnect(let reason):
            let exit = await lease.exitSoon()
            return .gone(
                exit?.failure(of: model.name, "between two requests", log: lease.log.tail(from: 0))
                    ?? Failure(.app, "model \(model.name) does not accept connections any more: \(reason)"))
        case .timedOut(let reason), .connectionClosed(let reason), .refusedAddress(let reason), .other(let reason):
            if let exit = await lease.exitSoon() {
                let failure = exit.failure(of: model.name, "before it had answered", log: lease.log.tail(from: 0))
                // A program that ended by its own choice may have done so before the request came.
                return exit.code == 0 ? .gone(failure) : .broken(failure)
            }
            return .broken(Failure(.app, "model \(model.name) broke off its answer to POST \(model.path): \(reason)"))
        }
    }

    private func result(in response: HTTPResponse) throws(ExchangeFailure) -> JSONValue {
        guard (200..<300).contains(response.status) else {
            throw .sound(refusal(response))
        }
        do throws(Failure) {
            let origin = "in its answer with status \(response.status)"
            return ModelReply.result(in: try ModelReply.parse(response.body, model: model.name, origin: origin))
        } catch { throw .sound(error) }
    }

    private func refusal(_ response: HTTPResponse, remark: String = "") -> Failure {
        let body = Quotation.beginning(of: response.body)
        let status = "status \(response.status)\(remark)"
        return Failure(.app, "model \(model.name) answered POST \(model.path) with \(status): \(body)")
    }

    private static func isBackPressure(_ status: Int) -> Bool { status == 429 || status == 503 || status == 409 }

    /// The seconds of `Retry-After` (RFC 9110 section 10.2.3); its other form, a date, is not heeded.
    private static func wish(of response: HTTPResponse) -> TimeSpan {
        guard let seconds = response.header("Retry-After").flatMap({ Int($0) }), seconds > 0 else {
            return TimeSpan(milliseconds: 0)
        }
        return seconds < 30 ? TimeSpan(seconds: Double(seconds)) : longestRetryAfter
    }
}
