internal import ImflowExecution
internal import ImflowHTTP
internal import ImflowPlan

/// One file over HTTP. What may pass by itself is tried again, and goes on where it broke off as long as the server says that
/// the file is still the same.
struct Download {
    /// The URL as messages show it.
    let shown: String
    /// Of the whole file.
    let request: HTTPRequest
    let client: HTTPClient
    let limits: FetchLimits
    let reporter: FetchReporter
    /// What a refusing answer means; nil: what its status says.
    var explain: @Sendable (HTTPResponse) -> Failure? = { _ in nil }

    /// A try that brought so many bytes does not count: a long download may break off often.
    private static let progress: Int64 = 4 << 20

    private enum Outcome {
        case fetched(mediaType: String?)
        case refused(Failure)
        /// May go better later; `wait` is what the server asked for.
        case busy(Failure, wait: TimeSpan?)
    }

    /// Fills the file, and answers its `Content-Type`.
    func load(into file: PartialFile) async throws(Failure) -> String? {
        let meter = FetchMeter(url: shown, reporter: reporter)
        var interval = limits.retryInterval
        var tries = 1
        while true {
            let before = file.count
            switch await attempt(file, meter) {
            case .fetched(let mediaType):
                meter.finish()
                return mediaType
            case .refused(let failure):
                if failure.cause == .cancelled { file.breakOff() } else { file.discard() }
                throw failure
            case .busy(let failure, let wait):
                if file.count - before >= Self.progress { (tries, interval) = (0, limits.retryInterval) }
                guard tries < limits.tries else {
                    file.breakOff()
                    throw Self.final(failure, after: tries)
                }
                tries += 1
                let longest = max(interval, min(wait ?? interval, limits.maximumRetryInterval))
                do { try await Task.sleep(for: longest.duration) } catch {
                    file.breakOff()
                    throw cancelled
                }
                interval = min(TimeSpan(milliseconds: interval.milliseconds * 2), limits.maximumRetryInterval)
            }
        }
    }

    private func attempt(_ file: PartialFile, _ meter: FetchMeter) async -> Outcome {
        var request = request
        let range = file.ask()
        request.headers += range
        let offset = range.isEmpty ? 0 : file.count
        request.maximumBodyBytes = Int(max(0, limits.maximumSize.bytes - offset))
        do throws(HTTPError) {
            let response = try await client.download(request) { head in
                guard file.begin(head) else { return false }
                let length = head.header("Content-Length").flatMap { Int64($0) }
                meter.begin(at: file.count, total: file.total ?? length.map { $0 + file.count })
                return true
            } write: { bytes in
                meter.add(bytes.count)
                return file.write(bytes)
            }
            return outcome(response, file)
        } catch {
            if let failure = file.failure { return .refused(failure) }
            return outcome(error, file)
        }
    }

    private func outcome(_ response: HTTPResponse, _ file: PartialFile) -> Outcome {
        let answered = "\(shown) answered with status \(response.status)"
        switch response.status {
        case 200...299:
            // An answer without a body began nothing; whatever was there is not of this file.
            if !file.isStarted, !file.begin(response) { return restart(file) }
            if let total = file.total, total != file.count { return restart(file) }
            return .fetched(mediaType: response.header("Content-Type"))
        case 416 where file.count > 0: return restart(file)
        case 408, 425, 429, 500...599:
            let wait = response.header("Retry-After").flatMap { Int32($0) }.map {
                TimeSpan(seconds: Double(max($0, 0)))
            }
            return .busy(explain(response) ?? Failure(.infra, answered), wait: wait)
        default: break
        }
        if let failure = explain(response) { return .refused(failure) }
        switch response.status {
        case 401, 403, 407: return .refused(Failure(.app, "\(answered): it may not be read without permission"))
        case 404, 410: return .refused(Failure(.app, "\(answered): there is no such file"))
        default: return .refused(Failure(.app, answered))
        }
    }

    private func restart(_ file: PartialFile) -> Outcome {
        file.startOver()
        return .busy(Failure(.infra, "\(shown) changed while it was fetched"), wait: nil)
    }

    private func outcome(_ error: HTTPError, _ file: PartialFile) -> Outcome {
        switch error {
        case .cannotConnect(let text), .timedOut(let text), .connectionClosed(let text):
            return .busy(Failure(.infra, "\(shown) could not be fetched: \(text)"), wait: nil)
        case .bodyTooLarge:
            return .refused(Failure(.app, "\(shown) is larger than \(limits.shownMaximum), the most that is fetched"))
        case .refusedAddress(let address): return .refused(Self.refusal(shown, address))
        case .cancelled: return .refused(cancelled)
        case .other(let text):
            if file.isUnfit { return restart(file) }
            return .refused(Failure(.app, "\(shown) could not be fetched: \(text)"))
        }
    }

    static func refusal(_ shown: String, _ address: String) -> Failure {
        Failure(
            .app, "\(shown) leads to the private address \(address), where files are fetched from only when that is "
                + "allowed: --allow-private \(address), or IMFLOW_ALLOW_PRIVATE")
    }

    private var cancelled: Failure { Failure(.cancelled, "fetching \(shown) was cancelled") }

    private static func final(_ failure: Failure, after tries: Int) -> Failure {
        tries <= 1 ? failure : Failure(failure.cause, "\(failure.message) (tried \(tries) times)")
    }
}
