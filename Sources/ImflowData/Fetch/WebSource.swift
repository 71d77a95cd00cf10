internal import ImflowContent
internal import ImflowExecution
internal import ImflowHTTP
internal import ImflowPlan

/// A file behind an `http` or `https` URL. Redirects are followed; what may pass by itself is tried again.
struct WebSource {
    let url: FetchURL
    let client: HTTPClient
    let content: ContentStore
    let limits: FetchLimits

    private enum Outcome {
        case fetched(TemporaryFile, mediaType: String?)
        case refused(Failure)
        /// May go better later; `wait` is what the server asked for.
        case busy(Failure, wait: TimeSpan?)
    }

    /// The file and its `Content-Type`.
    func load() async throws(Failure) -> (file: TemporaryFile, mediaType: String?) {
        var interval = limits.retryInterval
        var tries = 1
        while true {
            switch try await loadOnce() {
            case .fetched(let file, let mediaType): return (file, mediaType)
            case .refused(let failure): throw failure
            case .busy(let failure, let wait):
                guard tries < limits.tries else { throw Self.final(failure, after: tries) }
                tries += 1
                let longest = max(interval, min(wait ?? interval, limits.maximumRetryInterval))
                do { try await Task.sleep(for: longest.duration) } catch { throw cancelled }
                interval = min(TimeSpan(milliseconds: interval.milliseconds * 2), limits.maximumRetryInterval)
            }
        }
    }

    private func loadOnce() async throws(Failure) -> Outcome {
        let file = try TemporaryFile(in: content)
        let outcome = await download(to: file)
        if case .fetched = outcome { return outcome }
        file.discard()
        return outcome
    }

    private func download(to file: TemporaryFile) async -> Outcome {
        do throws(HTTPError) {
            let response = try await client.download(request) { file.write($0) }
            return outcome(response, file)
        } catch {
            if let failure = file.failure { return .refused(failure) }
            return outcome(error)
        }
    }

    private var request: HTTPRequest {
        HTTPRequest(
            "GET", PercentEncoding.encodeUnsafe(url.text), headers: [("User-Agent", "imflow"), ("Accept", "*/*")],
            connectTimeout: limits.connectTimeout, stallTimeout: limits.stallTimeout,
            maximumBodyBytes: Int(limits.maximumSize.bytes), followRedirects: true)
    }

    private func outcome(_ response: HTTPResponse, _ file: TemporaryFile) -> Outcome {
        let answered = "\(url.shown) answered with status \(response.status)"
        switch response.status {
        case 200...299: return .fetched(file, mediaType: response.header("Content-Type"))
        case 401, 403, 407: return .refused(Failure(.app, "\(answered): it may not be read without permission"))
        case 404, 410: return .refused(Failure(.app, "\(answered): there is no such file"))
        case 408, 425, 429, 500...599:
            let wait = response.header("Retry-After").flatMap { Int32($0) }.map {
                TimeSpan(seconds: Double(max($0, 0)))
            }
            return .busy(Failure(.infra, answered), wait: wait)
        default: return .refused(Failure(.app, answered))
        }
    }

    private func outcome(_ error: HTTPError) -> Outcome {
        switch error {
        case .cannotConnect(let text), .timedOut(let text), .connectionClosed(let text):
            .busy(Failure(.infra, "\(url.shown) could not be fetched: \(text)"), wait: nil)
        case .bodyTooLarge:
            .refused(Failure(.app, "\(url.shown) is larger than \(limits.shownMaximum), the most that is fetched"))
        case .cancelled: .refused(cancelled)
        case .other(let text): .refused(Failure(.app, "\(url.shown) could not be fetched: \(text)"))
        }
    }

    private var cancelled: Failure { Failure(.cancelled, "fetching \(url.shown) was cancelled") }

    private static func final(_ failure: Failure, after tries: Int) -> Failure {
        tries == 1 ? failure : Failure(failure.cause, "\(failure.message) (tried \(tries) times)")
    }
}
