internal import ImflowContent
internal import ImflowExecution
internal import ImflowHTTP
internal import ImflowPlan

/// Gets blocks from servers, and hands out none that is not what its identifier names.
struct IPFSBlocks {
    /// Blocks are at most 2 MiB in the network; some tools make larger ones.
    static let blockLimit = 4 << 20

    let servers: [IPFSServers.Server]
    let client: HTTPClient
    let limits: FetchLimits
    let access: FetchAccess
    let reporter: FetchReporter
    /// The URL that is fetched, for messages.
    let shown: String

    private enum Outcome {
        case block([UInt8])
        case failed(Failure)
        /// May go better later.
        case busy(Failure)
    }

    /// Asks one server after the other.
    func block(_ cid: CID) async throws(Failure) -> [UInt8] {
        if let obstacle = cid.obstacle { throw Failure(.app, "\(shown): the block \(cid.text) \(obstacle)") }
        if cid.hashCode == CID.Hash.identity.rawValue { return cid.digest }
        var failures: [Failure] = []
        for server in servers {
            do throws(Failure) { return try await block(cid, from: server) } catch {
                if error.cause == .cancelled { throw error }
                failures.append(error)
            }
        }
        throw Failure(
            failures.contains { $0.cause == .infra } ? .infra : .app,
            "\(shown): " + failures.map(\.message).joined(separator: "; "))
    }

    private func block(_ cid: CID, from server: IPFSServers.Server) async throws(Failure) -> [UInt8] {
        var interval = limits.retryInterval
        var tries = 1
        while true {
            switch await ask(cid, server) {
            case .block(let block): return block
            case .failed(let failure): throw failure
            case .busy(let failure):
                guard tries < limits.tries else {
                    throw Failure(failure.cause, "\(failure.message) (tried \(tries) times)")
                }
                tries += 1
                do { try await Task.sleep(for: interval.duration) } catch { throw cancelled }
                interval = min(TimeSpan(milliseconds: interval.milliseconds * 2), limits.maximumRetryInterval)
            }
        }
    }

    private func ask(_ cid: CID, _ server: IPFSServers.Server) async -> Outcome {
        var request = server.request(block: cid)
        bound(&request, server, bytes: Self.blockLimit)
        do throws(HTTPError) {
            let response = try await client.send(request)
            if response.isSuccess { return checked(response.body, cid, server) }
            let text = "\(server.shown) answered with status \(response.status) for the block \(cid.text)"
                + KuboClient.reason(response)
            switch response.status {
            case 404, 410: return .failed(Failure(.app, text))
            case 408, 425, 429, 502, 503: return .busy(Failure(.infra, text))
            default: return .failed(Failure(.infra, text))
            }
        } catch {
            switch error {
            case .cannotConnect(let text), .connectionClosed(let text):
                return .busy(Failure(.infra, "the block \(cid.text) could not be fetched: \(text)"))
            case .timedOut:
                // A block that nobody has is looked for without end.
                return .failed(
                    Failure(.infra, "\(server.shown) did not find the block \(cid.text) within \(limits.stallTimeout.seconds) s"))
            case .bodyTooLarge:
                return .failed(
                    Failure(.app, "\(server.shown) answered more than \(Self.blockLimit >> 20) MiB for the block \(cid.text)"))
            case .refusedAddress(let address): return .failed(Download.refusal(server.shown, address))
            case .cancelled: return .failed(cancelled)
            case .other(let text):
                return .failed(Failure(.infra, "the block \(cid.text) could not be fetched: \(text)"))
            }
        }
    }

    private func checked(_ bytes: [UInt8], _ cid: CID, _ server: IPFSServers.Server) -> Outcome {
        if cid.names(bytes) { return .block(bytes) }
        return .failed(
            Failure(.infra, "\(server.shown) answered other bytes than the block \(cid.text) has: they were not taken"))
    }

    /// The file's blocks, as far as a server gives them at once; nil when none does. They are unchecked.
    /// - Parameter size: of the file, as its root says.
    func car(of cid: CID, size: Int64, in content: ContentStore) async throws(Failure) -> CARFile? {
        for server in servers {
            // Only its descriptor is used: nothing is left, however this ends and whoever still holds it.
            let file = try TemporaryFile(in: content)
            file.discard()
            var request = server.request(car: cid)
            bound(&request, server, bytes: Int(size + size / 8 + Int64(Self.blockLimit)))
            let meter = FetchMeter(url: shown, reporter: reporter)
            do throws(HTTPError) {
                let response = try await client.download(request) { _ in
                    meter.begin(at: 0, total: nil)
                    return true
                } write: { bytes in
                    meter.add(bytes.count)
                    return file.write(bytes)
                }
                if !response.isSuccess { continue }
                meter.finish()
            } catch {
                if error == .cancelled { throw cancelled }
                // What came is of use; what did not is asked for block by block, and that says what is wrong.
            }
            if let failure = file.failure { throw failure }
            let car = CARFile(file)
            if car.count > 0 { return car }
        }
        return nil
    }

    private func bound(_ request: inout HTTPRequest, _ server: IPFSServers.Server, bytes: Int) {
        request.headers.append(("User-Agent", "imflow"))
        request.connectTimeout = limits.connectTimeout
        request.stallTimeout = limits.stallTimeout
        request.maximumBodyBytes = bytes
        request.addresses = access.guarded(with: server.url.host)
    }

    private var cancelled: Failure { Failure(.cancelled, "fetching \(shown) was cancelled") }
}
