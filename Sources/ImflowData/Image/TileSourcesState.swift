internal import ImflowContent
internal import ImflowExecution

/// What ``TileSources`` knows: a value under one lock. Those who wait are answered outside of it.
struct TileSourcesState {
    typealias Opened = TileSources.Opened
    typealias Answer = CheckedContinuation<Result<Opened, Failure>, Never>

    struct Waiter {
        /// `Int.max`: the whole image, stored.
        var rows: Int
        var answer: Answer
    }

    struct Decoding {
        let id: UInt64
        /// Nil when it has failed.
        var task: Task<Void, Never>?
        var image: SourceImage?
        /// Of the image, from the top.
        var rows = 0
        var failure: (reason: Failure, at: ContinuousClock.Instant)?
        var waiters: [UInt64: Waiter] = [:]
    }

    /// By the hash of what they were made of.
    var decodings: [ContentHash: Decoding] = [:]
    /// All that run, by the decode's number: those, too, that nobody waits for any more.
    var tasks: [UInt64: Task<Void, Never>] = [:]
    var jobs: Set<String> = []
    /// The last used is the last.
    private var kept: [(source: ContentHash, opened: Opened)] = []
    private var nextID: UInt64 = 0

    mutating func newID() -> UInt64 {
        nextID += 1
        return nextID
    }

    mutating func opened(_ source: ContentHash) -> Opened? {
        guard let index = kept.lastIndex(where: { $0.source == source }) else { return nil }
        let found = kept.remove(at: index)
        kept.append(found)
        return found.opened
    }

    mutating func remember(_ opened: Opened, of source: ContentHash) {
        close(source)
        kept.append((source, opened))
        if kept.count > TileSources.openLimit { kept.removeFirst() }
    }

    mutating func close(_ source: ContentHash) { kept.removeAll { $0.source == source } }

    /// What can be said at once. A failure that is older than `memory` is forgotten.
    mutating func answer(_ source: ContentHash, rows: Int, memory: Duration) -> Result<Opened, Failure>? {
        if let opened = opened(source) { return .success(opened) }
        guard let decoding = decodings[source] else { return nil }
        if let image = decoding.image, rows <= decoding.rows { return .success(Opened(image: image)) }
        guard let failure = decoding.failure else { return nil }
        if ContinuousClock.now - failure.at < memory { return .failure(failure.reason) }
        decodings[source] = nil
        return nil
    }

    mutating func advance(_ source: ContentHash, _ id: UInt64, to rows: Int) -> (SourceImage?, [Answer]) {
        guard var decoding = decodings[source], decoding.id == id, let image = decoding.image else { return (nil, []) }
        decoding.rows = rows
        let served = decoding.waiters.filter { $0.value.rows <= rows }
        for waiter in served.keys { decoding.waiters[waiter] = nil }
        decodings[source] = decoding
        return (image, served.values.map(\.answer))
    }

    /// - Returns: those who wait for what has come.
    mutating func land(_ source: ContentHash, _ id: UInt64, _ result: Result<Opened, Failure>) -> [Answer] {
        tasks[id] = nil
        guard var decoding = decodings[source], decoding.id == id else { return [] }
        let answers = decoding.waiters.values.map(\.answer)
        switch result {
        case .success(let opened):
            decodings[source] = nil
            remember(opened, of: source)
        case .failure(let reason) where reason.cause == .app:
            // The rows before the damage are good.
            decoding.waiters = [:]
            decoding.task = nil
            decoding.failure = (reason, .now)
            decodings[source] = decoding
            forgetFailures()
        case .failure: decodings[source] = nil
        }
        return answers
    }

    private mutating func forgetFailures() {
        let failed = decodings.compactMap { source, decoding in decoding.failure.map { (source, $0.at) } }
        guard failed.count > TileSources.openLimit, let oldest = failed.min(by: { $0.1 < $1.1 }) else { return }
        decodings[oldest.0] = nil
    }

    /// - Returns: who left, and the decode that nobody wants any more.
    mutating func leave(_ source: ContentHash, _ waiter: UInt64) -> (Answer?, Task<Void, Never>?) {
        guard let answer = decodings[source]?.waiters.removeValue(forKey: waiter)?.answer else { return (nil, nil) }
        return (answer, jobs.isEmpty ? abandon(source) : nil)
    }

    /// - Returns: the decodes that nobody wants any more.
    mutating func release(_ job: String) -> [Task<Void, Never>] {
        guard jobs.remove(job) != nil, jobs.isEmpty else { return [] }
        kept = []
        let abandoned = Array(decodings.keys).compactMap { abandon($0) }
        for (source, decoding) in decodings where decoding.failure != nil { decodings[source] = nil }
        return abandoned
    }

    /// A newcomer gets a decode of its own, which waits for the end of this one.
    private mutating func abandon(_ source: ContentHash) -> Task<Void, Never>? {
        guard let decoding = decodings[source], decoding.waiters.isEmpty, let task = decoding.task else { return nil }
        decodings[source] = nil
        return task
    }
}
