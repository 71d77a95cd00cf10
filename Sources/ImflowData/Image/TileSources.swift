import Glibc
package import ImflowContent
package import ImflowExecution
internal import Synchronization

/// The images that tiles are cut from: each is opened once, and decoded at most once, for all who cut. Tiles are cut from an
/// image that is still being decoded as soon as their rows are there. What was decoded lies in the content store as an
/// upright, uncompressed TIFF that is found again by its source's hash, by other processes, too; where it was removed, the
/// source is decoded again.
///
/// A decode ends early when nobody waits for it and no job is held (``hold(_:)``), or with ``shutdown()``.
package final class TileSources: Sendable {
    /// What tiles are cut from now.
    struct Opened: Sendable {
        var image: SourceImage
        /// The content that it is; nil while it grows.
        var file: ContentHash?
    }

    /// Files that stay open for the next tile, and decodes that failed and whose first rows are still there.
    static let openLimit = 8
    /// What has failed because of its bytes is not tried again for so long: the shards that need the same rows come together.
    package static let failureMemory: Duration = .seconds(30)

    let content: ContentStore
    private let memory: Duration
    private let state = Mutex(TileSourcesState())

    package init(content: ContentStore, failureMemory: Duration = TileSources.failureMemory) {
        self.content = content
        memory = failureMemory
    }

    /// Decodes go on for the job even while nobody waits for them, until ``release(_:)``.
    package func hold(_ job: String) { state.withLock { _ = $0.jobs.insert(job) } }

    package func release(_ job: String) {
        for task in state.withLock({ $0.release(job) }) { task.cancel() }
    }

    /// Ends all decodes, and returns when they have ended. What is only being stored is stored first.
    package func shutdown() async {
        let tasks = state.withLock { Array($0.tasks.values) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Starts the decode of an image that needs one, and does not wait for it; nothing where no job is held.
    /// - Throws: cause `app` when the file is no image; `infra` when it cannot be opened.
    package func begin(_ source: ContentReference) throws(Failure) {
        if try ready(source) != nil { return }
        state.withLock { state in
            if !state.jobs.isEmpty, state.decodings[source.hash] == nil { start(source, in: &state) }
        }
    }

    /// The image with at least its first `rows` rows; waits until they are decoded.
    /// - Throws: cause `app` when the image is damaged before the last of them ends; `infra`; `cancelled`.
    func image(_ source: ContentReference, rows: Int) async throws(Failure) -> SourceImage {
        if let opened = try ready(source) { return opened.image }
        return try await wait(for: source, rows: rows).image
    }

    /// The content that holds the whole upright image, any rectangle of which is read without decoding the rest: `source`
    /// itself where it is such a file. Waits until all of it is decoded and stored, and marks it as wanted.
    func file(_ source: ContentReference) async throws(Failure) -> ContentReference {
        // Whoever collects garbage may take it between two looks.
        for _ in 0..<8 {
            let opened: Opened
            if let ready = try ready(source) {
                opened = ready
            } else {
                opened = try await wait(for: source, rows: .max)
            }
            // The source itself is the job's.
            if opened.file == source.hash { return source }
            if let hash = opened.file, content.keep(hash) {
                return ContentReference(hash: hash, name: Self.name(of: source))
            }
            state.withLock { $0.close(source.hash) }
        }
        throw Failure(.infra, "\(source.name), once decoded, is removed from the content store again and again")
    }

    private static func name(of source: ContentReference) -> String {
        let stem = source.name.lastIndex(of: ".").map { source.name[..<$0] } ?? source.name[...]
        return (stem.isEmpty ? "image" : stem) + ".tif"
    }

    /// Nil when the image must be decoded, or is being decoded.
    private func ready(_ source: ContentReference) throws(Failure) -> Opened? {
        let (opened, isKnown) = state.withLock { ($0.opened(source.hash), $0.decodings[source.hash] != nil) }
        if let opened { return opened }
        if isKnown { return nil }
        guard let image = try SourceImage.open(content.path(of: source.hash), name: source.name) else { return nil }
        let found = Opened(image: image, file: source.hash)
        state.withLock { $0.remember(found, of: source.hash) }
        return found
    }

    private func wait(for source: ContentReference, rows: Int) async throws(Failure) -> Opened {
        let waiter = state.withLock { $0.newID() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                let known = state.withLock { state -> Result<Opened, Failure>? in
                    if let known = state.answer(source.hash, rows: rows, memory: memory) { return known }
                    if state.decodings[source.hash] == nil { start(source, in: &state) }
                    state.decodings[source.hash]?.waiters[waiter] = TileSourcesState.Waiter(rows: rows, answer: answer)
                    return nil
                }
                if let known { return answer.resume(returning: known) }
                // A cancellation that came before found nobody waiting.
                if Task.isCancelled { leave(source.hash, waiter) }
            }
        } onCancel: {
            leave(source.hash, waiter)
        }
        return try result.get()
    }

    private func leave(_ source: ContentHash, _ waiter: UInt64) {
        let (answer, abandoned) = state.withLock { $0.leave(source, waiter) }
        abandoned?.cancel()
        answer?.resume(returning: .failure(Failure(.cancelled, "it was cancelled")))
    }

    /// Not a child task: it belongs to all who wait, whoever came first.
    private func start(_ source: ContentReference, in state: inout TileSourcesState) {
        let id = state.newID()
        let task = Task(executorPreference: BlockingThreads.shared) { [self] in
            let result: Result<Opened, Failure>
            do throws(Failure) {
                result = .success(try await SourceDecode(source: source, id: id, owner: self).result())
            } catch { result = .failure(error) }
            land(source.hash, id, result)
        }
        state.decodings[source.hash] = TileSourcesState.Decoding(id: id, task: task)
        state.tasks[id] = task
    }

    /// The decode goes on in a file of which no row is there yet.
    func began(_ image: SourceImage, of source: ContentHash, by id: UInt64) {
        state.withLock { state in
            guard state.decodings[source]?.id == id else { return }
            state.decodings[source]?.image = image
            state.decodings[source]?.rows = 0
        }
    }

    func advanced(to rows: Int, of source: ContentHash, by id: UInt64) {
        let (image, answers) = state.withLock { $0.advance(source, id, to: rows) }
        guard let image else { return }
        for answer in answers { answer.resume(returning: .success(Opened(image: image))) }
    }

    private func land(_ source: ContentHash, _ id: UInt64, _ result: Result<Opened, Failure>) {
        for answer in state.withLock({ $0.land(source, id, result) }) { answer.resume(returning: result) }
    }

    /// How many wait for rows of this image.
    package func waiterCount(of source: ContentReference) -> Int {
        state.withLock { $0.decodings[source.hash]?.waiters.count ?? 0 }
    }

    /// How many decodes go on.
    package var decodeCount: Int { state.withLock { $0.tasks.count } }
}
