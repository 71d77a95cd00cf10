import Dispatch
package import ImflowContent
package import ImflowExecution
package import ImflowHTTP

/// Brings the files that URLs name into the content store.
package final class Fetcher: Sendable {
    private let content: ContentStore
    private let client: HTTPClient
    private let limits: FetchLimits
    private let flights = SingleFlight<ContentReference>()
    private let slots: FetchSlots

    /// Give it a client of its own: downloads are written on the client's thread.
    package init(content: ContentStore, client: HTTPClient, limits: FetchLimits = FetchLimits()) {
        self.content = content
        self.client = client
        self.limits = limits
        slots = FetchSlots(limits.concurrency)
    }

    /// Stores the file and answers its reference, under a safe name that keeps the URL's extension, or has one by the media
    /// type. Schemes: `file`, `http`, `https`, `data` and `cas` (stored already). A URL that many ask for at once is fetched
    /// once. Causes: `app` for what is missing, refused or too large, `infra` for the network and the disk, `cancelled`.
    package func fetch(_ url: String) async throws(Failure) -> ContentReference {
        guard let parsed = FetchURL(url) else {
            throw Failure(
                .app, "'\(url.prefix(100))' is not a URL; give file:///, then the absolute path, or https://…")
        }
        if Task.isCancelled { throw cancelled(parsed) }
        switch parsed.scheme {
        case "data": return try decode(parsed)
        case "cas": return try stored(parsed)
        case "file", "http", "https":
            return try await flights.value(of: url) { [self] () throws(Failure) in
                try await slots.run { () throws(Failure) in
                    if Task.isCancelled { throw cancelled(parsed) }
                    return try await parsed.scheme == "file" ? copy(parsed) : download(parsed)
                }
            }
        case "ipfs", "s3":
            throw Failure(
                .app, "\(parsed.shown): the scheme '\(parsed.scheme)' is not supported yet; give an https or file URL")
        default:
            throw Failure(
                .app, "\(parsed.shown): the scheme '\(parsed.scheme)' is not supported; give a file, https or data URL")
        }
    }

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

    private func download(_ url: FetchURL) async throws(Failure) -> ContentReference {
        let source = WebSource(url: url, client: client, content: content, limits: limits)
        let (file, mediaType) = try await source.load()
        let hash = try await blocking { () throws(Failure) in try file.store() }
        return ContentReference(hash: hash, name: FetchedName.make(url.lastComponent, mediaType: mediaType))
    }

    private func cancelled(_ url: FetchURL) -> Failure { Failure(.cancelled, "fetching \(url.shown) was cancelled") }

    /// Runs what waits for the disk off the threads that tasks share.
    private func blocking<Value: Sendable>(
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
