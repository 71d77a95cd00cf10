import Dispatch
package import ImflowContent
package import ImflowExecution
package import ImflowHTTP
package import ImflowPlan

/// Brings the files that URLs name into the content store.
package final class Fetcher: Sendable {
    let content: ContentStore
    let limits: FetchLimits
    let access: FetchAccess
    package let reporter: FetchReporter
    private let client: HTTPClient
    /// For servers that the user named, at whatever address: kept connections to them are nothing for URLs of an input.
    let services: HTTPClient
    private let folder: FetchFolder?
    private let flights = SingleFlight<ContentReference>()
    private let slots: FetchSlots

    /// - Parameters:
    ///   - client: of its own: downloads are written on the client's thread.
    ///   - access: what may be reached; by default public addresses only, and no IPFS or S3 server.
    ///   - folder: what is shared with the fetchers of other processes; nil: nothing.
    package init(
        content: ContentStore, client: HTTPClient, limits: FetchLimits = FetchLimits(),
        access: FetchAccess = FetchAccess(), folder: FetchFolder? = nil, reporter: FetchReporter = FetchReporter()
    ) {
        self.content = content
        self.client = client
        self.limits = limits
        self.access = access
        self.folder = folder
        self.reporter = reporter
        services = HTTPClient(maximumConnections: limits.concurrency)
        slots = FetchSlots(limits.concurrency)
    }

    /// Stores the file and answers its reference, under a safe name that keeps the URL's extension, or has one by the media
    /// type. Schemes: `file`, `http`, `https`, `ipfs`, `s3`, `data` and `cas` (stored already). A URL that many ask for at once
    /// is fetched once, and with a folder once for all processes. Causes: `app` for what is missing, refused or too large,
    /// `infra` for the network and the disk, `cancelled`.
    package func fetch(_ url: String) async throws(Failure) -> ContentReference {
        guard let parsed = FetchURL(url) else {
            throw Failure(
                .app, "'\(url.prefix(100))' is not a URL; give file:///, then the absolute path, or https://…")
        }
        if Task.isCancelled { throw cancelled(parsed) }
        switch parsed.scheme {
        case "data": return try decode(parsed)
        case "cas": return try stored(parsed)
        case "file": break
        default:
            guard access.reachesNetwork else {
                throw Failure(.infra, "\(parsed.shown) is on the network, which is not to be used here")
            }
        }
        if let obstacle = obstacle(to: url) { throw Failure(.app, obstacle) }
        return try await flights.value(of: url) { [self] () throws(Failure) in
            try await slots.run { () throws(Failure) in
                if Task.isCancelled { throw cancelled(parsed) }
                return try await bring(parsed)
            }
        }
    }

    /// Why a URL cannot be fetched here whatever lies behind it: its scheme, or what is not set up; nil: it may be.
    package func obstacle(to url: String) -> String? {
        guard let parsed = FetchURL(url) else { return nil }
        do throws(Failure) {
            switch parsed.scheme {
            case "file", "data", "cas": return nil
            case "http", "https":
                // A name is looked up when it is connected to; an address that is written out can be told now.
                guard AddressGuard.proxyHosts(access.environment).isEmpty,
                    let address = AddressGuard.host(ofURL: url).flatMap({ NetworkAddress($0) }), !guarded.allows(address)
                else { return nil }
                return Download.refusal(parsed.shown, address.description).message
            case "ipfs": _ = try IPFSServers(access.environment, for: parsed)
            case "s3": _ = try S3Source(parsed, access)
            default:
                return "\(parsed.shown): the scheme '\(parsed.scheme)' is not supported; give a file, https, s3, ipfs or "
                    + "data URL"
            }
            return nil
        } catch { return error.message }
    }

    private func bring(_ url: FetchURL) async throws(Failure) -> ContentReference {
        switch url.scheme {
        case "file": return try await copy(url)
        case "ipfs": return try await bringIPFS(url)
        case "s3":
            let source = try S3Source(url, access)
            return try await download(source.download(services, limits, reporter), key: source.identity, name: source.name)
        default:
            let request = HTTPRequest(
                "GET", PercentEncoding.encodeUnsafe(url.text), headers: Self.headers, connectTimeout: limits.connectTimeout,
                stallTimeout: limits.stallTimeout, followRedirects: true, addresses: guarded)
            let download = Download(shown: url.shown, request: request, client: client, limits: limits, reporter: reporter)
            return try await self.download(download, key: url.text, name: url.lastComponent)
        }
    }

    static let headers: [(name: String, value: String)] = [("User-Agent", "imflow"), ("Accept", "*/*")]

    private var guarded: AddressGuard { access.guarded() }

    private func decode(_ url: FetchURL) throws(Failure) -> ContentReference {
        let data: DataURL
        do throws(DataURL.Mistake) { data = try DataURL(url.rest) } catch {
            throw Failure(.app, "the URL \(url.shown) \(error.text)")
        }
        guard data.bytes.count <= limits.maximumSize.bytes else {
            throw Failure(.app, "\(url.shown) is larger than \(limits.shownMaximum), the most that is fetched")
        }
        do throws(ContentError) {
            let name = FetchedName.make("data", mediaType: data.mediaType)
            return ContentReference(hash: try content.put(data.bytes), name: name)
        } catch {
            throw Failure(storing: error)
        }
    }

    private func stored(_ url: FetchURL) throws(Failure) -> ContentReference {
        guard let reference = ContentReference(url.text) else {
            throw Failure(.app, "\(url.shown) is no content reference; one has the form cas://sha256/HASH/NAME")
        }
        guard content.contains(reference.hash) else {
            throw Failure(.app, "\(url.shown) is not in the content store \(content.folder); run again what made it")
        }
        return reference
    }

    private func copy(_ url: FetchURL) async throws(Failure) -> ContentReference {
        let source = try FileSource(url, limits: limits)
        let file = try TemporaryFile(in: content)
        let hash = try await blocking(onCancel: { source.cancel() }) { () throws(Failure) in
            do throws(Failure) {
                try source.copy(to: file)
                return try file.store()
            } catch {
                file.discard()
                throw error
            }
        }
        return ContentReference(hash: hash, name: FetchedName.make(url.lastComponent, mediaType: nil))
    }

    /// - Parameters:
    ///   - key: what else may be asked for at the same time and is the same file.
    ///   - name: what the URL ends in.
    private func download(_ download: Download, key: String, name: String) async throws(Failure) -> ContentReference {
        try await shared(key, isForever: false) { [self] (partial: String?) throws(Failure) in
            let file = try PartialFile(in: content, at: partial)
            let mediaType = try await download.load(into: file)
            let hash = try await blocking { () throws(Failure) in try file.store() }
            return ContentReference(hash: hash, name: FetchedName.make(name, mediaType: mediaType))
        }
    }

    /// Does the work unless another process does it already: then its outcome is taken. `work` is handed the place where what
    /// a broken download leaves may lie; nil: nothing is left.
    /// - Parameter isForever: what came of it once is right for ever.
    func shared(
        _ key: String, isForever: Bool, _ work: (String?) async throws(Failure) -> ContentReference
    ) async throws(Failure) -> ContentReference {
        guard let folder else { return try await work(nil) }
        let key = ContentHash(of: Array(key.utf8))
        let before = folder.note(key)
        var hasWaited = false
        while true {
            if let flight = try take(key, in: folder) {
                defer { flight.end() }
                // What was there before it was asked for may be out of date; what another brought meanwhile is not.
                if let note = folder.note(key), isForever || hasWaited && note != before,
                    try await isIntact(note.reference)
                {
                    return note.reference
                }
                let reference = try await work(folder.partialPath(key))
                folder.write(reference, for: key)
                return reference
            }
            hasWaited = true
            do { try await Task.sleep(for: CacheFlight.interval) } catch {
                throw Failure(.cancelled, "fetching was cancelled")
            }
        }
    }

    private func take(_ key: ContentHash, in folder: FetchFolder) throws(Failure) -> CacheFlight? {
        do throws(ContentError) { return try folder.flight(key) } catch { throw Failure(storing: error) }
    }

    private func isIntact(_ reference: ContentReference) async throws(Failure) -> Bool {
        guard content.renew(reference.hash) else { return false }
        return try await blocking { [content] () throws(Failure) in (try? content.verify(reference.hash)) == true }
    }

    func cancelled(_ url: FetchURL) -> Failure { Failure(.cancelled, "fetching \(url.shown) was cancelled") }

    /// Runs what waits for the disk off the threads that tasks share.
    func blocking<Value: Sendable>(
        onCancel cancel: @escaping @Sendable () -> Void = {}, _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    do throws(Failure) {
                        continuation.resume(returning: .success(try work()))
                    } catch { continuation.resume(returning: .failure(error)) }
                }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }
}

extension Fetcher {
    /// Why the files of a job's input cannot be fetched here, known before anything starts; nil: nothing speaks against it.
    package func obstacle(to plan: Plan) -> String? {
        for text in plan.inputFiles {
            guard let pointer = JSONPointer(text), let url = pointer.value(in: plan.input)?.stringValue else { continue }
            if let obstacle = obstacle(to: url) { return "input \(text): \(obstacle)" }
        }
        return nil
    }
}
