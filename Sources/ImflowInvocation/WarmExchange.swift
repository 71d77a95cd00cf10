import ImflowHTTP
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Requests to a warm instance that listens, and what all protocols over HTTP have in common: 429, 503 and 409 say
/// “later”, not “no”, and a connection that broke says something of the instance.
struct WarmExchange: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        /// What messages call it, such as `POST /inference`.
        var name: String
        var headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        var body: [UInt8]
        /// How often it is sent again when its connection broke: more than 0 where asking twice asks for one thing.
        var resends = 0
    }

    let client: HTTPClient
    let model: ModelPlan
    let lease: InstanceLease
    /// How long back-pressure is borne; nil: until the attempt's own timeout.
    let patience: TimeSpan?

    private static let firstPause = TimeSpan(milliseconds: 50)
    private static let longestPause = TimeSpan(milliseconds: 2000)
    /// No instance may ask for longer pauses by `Retry-After`.
    private static let longestRetryAfter = TimeSpan(seconds: 30)

    /// The first answer that is not back-pressure, whatever its status.
    /// - Parameter doubt: asked at each refusal; what it answers ends the waiting, and the instance.
    func send(
        _ request: Request, doubt: (@Sendable (_ status: Int) async -> Failure?)? = nil
    ) async throws(ExchangeFailure) -> HTTPResponse {
        let clock = ContinuousClock()
        let start = clock.now
        var pause = Self.firstPause
        var statuses: Set<Int> = []
        var resends = request.resends
        while true {
            let answer = try await once(request, refusedWith: statuses, mayBreak: resends > 0)
            var wish = TimeSpan(milliseconds: 0)
            if let response = answer {
                guard Self.isBackPressure(response.status) else { return response }
                if let failure = await doubt?(response.status) { throw .broken(failure) }
                if let patience, clock.now - start > patience.duration {
                    throw .sound(refusal(response, to: request, remark: " for \(Int(patience.seconds)) s"))
                }
                statuses.insert(response.status)
                wish = Self.wish(of: response)
            } else {
                resends -= 1
            }
            do {
                try await Task.sleep(for: max(pause, wish).duration)
            } catch { throw .sound(cancelled(request, refusedWith: statuses)) }
            pause = min(TimeSpan(milliseconds: pause.milliseconds * 2), Self.longestPause)
        }
    }

    /// - Parameter statuses: how it answered before.
    /// - Returns: nil: the connection broke, as it may, and the instance seems to live.
    private func once(
        _ request: Request, refusedWith statuses: Set<Int>, mayBreak: Bool
    ) async throws(ExchangeFailure) -> HTTPResponse? {
        var sent = InstanceAddress(of: lease.instance).request(request.method, request.path)
        sent.headers = request.headers
        sent.body = request.body
        sent.maximumBodyBytes = Launch.outputLimit
        if sent.unixSocket != nil { try await requireThere() }
        CallObserver.note(.request(request.body))
        do {
            let response = try await client.send(sent)
            CallObserver.note(.reply(status: response.status, body: response.body))
            return response
        } catch {
            if Task.isCancelled { throw .broken(cancelled(request, refusedWith: statuses)) }
            if mayBreak, case .connectionClosed = error, await lease.exitSoon() == nil { return nil }
            throw await explained(error, of: request)
        }
    }

    /// What leads there takes every connection: that nobody took a request could not be told from an answer broken off.
    private func requireThere() async throws(ExchangeFailure) {
        if let failure = await lease.instance.severed(isPatient: false) { throw .gone(failure) }
        if let exit = await lease.instance.exit() {
            throw .gone(exit.failure(of: model.name, "between two requests", log: lease.log.tail(from: 0)))
        }
    }

    private func cancelled(_ request: Request, refusedWith statuses: Set<Int>) -> Failure {
        if statuses.isEmpty { return .cancelled }
        let seen = statuses.sorted().map(String.init).joined(separator: " or ")
        return Failure(.cancelled, "model \(model.name) answered with status \(seen) to every \(request.name)")
    }

    private func explained(_ error: HTTPError, of request: Request) async -> ExchangeFailure {
        switch error {
        case .cancelled: return .broken(.cancelled)
        case .bodyTooLarge(let limit):
            return .broken(
                Failure(.app, "model \(model.name) answered with more than \(limit) bytes; return large data as files"))
        case .cannotConnect(let reason):
            // It may have been the second try of a request that the instance has: one over a kept connection that was closed.
            if let failure = await lease.instance.severed(isPatient: true) { return .broken(failure) }
            if let exit = await lease.exitSoon() {
                return .gone(exit.failure(of: model.name, "between two requests", log: lease.log.tail(from: 0)))
            }
            let trouble = await lease.instance.trouble()
            return .gone(
                trouble ?? Failure(.app, "model \(model.name) does not accept connections any more: \(reason)"))
        case .timedOut(let reason), .connectionClosed(let reason), .refusedAddress(let reason), .other(let reason):
            if let failure = await lease.instance.severed(isPatient: true) { return .broken(failure) }
            if let exit = await lease.exitSoon() {
                let failure = exit.failure(of: model.name, "before it had answered", log: lease.log.tail(from: 0))
                // A program that ended by its own choice may have done so before the request came.
                return exit.code == 0 ? .gone(failure) : .broken(failure)
            }
            if let trouble = await lease.instance.trouble() { return .broken(trouble) }
            return .broken(Failure(.app, "model \(model.name) broke off its answer to \(request.name): \(reason)"))
        }
    }

    /// One JSON value, of an answer whose status says that it went well.
    func value(in response: HTTPResponse, to request: Request) throws(ExchangeFailure) -> JSONValue {
        guard response.isSuccess else { throw .sound(refusal(response, to: request)) }
        do throws(Failure) {
            let origin = "in its answer with status \(response.status)"
            return try ModelReply.parse(response.body, model: model.name, origin: origin)
        } catch { throw .sound(error) }
    }

    func refusal(_ response: HTTPResponse, to request: Request, remark: String = "") -> Failure {
        let body = Quotation.beginning(of: response.body)
        let status = "status \(response.status)\(remark)"
        return Failure(.app, "model \(model.name) answered \(request.name) with \(status): \(body)")
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
