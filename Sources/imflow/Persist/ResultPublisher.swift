import FoundationEssentials
import ImflowContent
import ImflowData
import ImflowEngine
import ImflowExecution
import ImflowHTTP

/// Publishes what the tasks of a job made, so that others can look at it: each task's result and the files that it names.
/// Nothing else leaves this machine: no input, no request, no log, no receipt.
struct ResultPublisher {
    /// What became of it.
    struct Report {
        /// All that is published, now or earlier.
        var published: [PublishedResult]
        var missing: Int
        /// Why some are missing.
        var reason: String?
    }

    private struct Item: Sendable {
        var task: String
        var name: String?
        var hash: ContentHash
        /// Of a result that is not in the content store.
        var inline: String?
    }

    /// Additions that the node works on at once.
    private static let width = 4

    private let content: ContentStore
    private let results: PublishedResults

    init(_ state: State, job: String) {
        content = state.content
        results = PublishedResults(state.folder, job: job)
    }

    /// The node that the environment names.
    /// - Throws: ``Failure`` that says how to name one.
    static func node() throws(Failure) -> KuboClient {
        try KuboClient(environment: ProcessInfo.processInfo.environment, client: HTTPClient(maximumConnections: width))
    }

    /// Publishes what is not published yet. A node that cannot be reached ends it; what is there by then stays.
    func publish(_ machine: JobMachine) async -> Report {
        var published = results.read()
        var known = Set(published.map(Self.key))
        var cids = Dictionary(published.map { ($0.hash, $0.cid) }) { first, _ in first }
        var pending: [ContentHash: [Item]] = [:]
        var order: [ContentHash] = []
        var reason: String?
        do {
            for item in try items(of: machine) where known.insert(Self.key(of: item)).inserted {
                if pending[item.hash] == nil { order.append(item.hash) }
                pending[item.hash, default: []].append(item)
            }
            if order.isEmpty { return Report(published: published, missing: 0) }
            let kubo = try Self.node()
            for start in stride(from: 0, to: order.count, by: Self.width) {
                let hashes = order[start..<min(start + Self.width, order.count)]
                let firsts = hashes.compactMap { pending[$0]?.first }.filter { cids[$0.hash] == nil }
                let added = await add(firsts, to: kubo)
                cids.merge(added.cids) { old, _ in old }
                for hash in hashes {
                    guard let cid = cids[hash] else { continue }
                    for item in pending.removeValue(forKey: hash) ?? [] {
                        let result = PublishedResult(task: item.task, name: item.name, hash: hash, cid: cid)
                        try results.append(result)
                        published.append(result)
                    }
                }
                if let failure = added.failure { throw failure }
            }
        } catch {
            reason = (error as? Failure)?.message ?? (error as? CommandFailure)?.message ?? "\(error)"
        }
        return Report(published: published, missing: pending.values.reduce(0) { $0 + $1.count }, reason: reason)
    }

    private static func key(_ result: PublishedResult) -> String { "\(result.hash.hex) \(result.task)/\(result.name ?? "")" }
    private static func key(of item: Item) -> String { "\(item.hash.hex) \(item.task)/\(item.name ?? "")" }

    /// What fetches and splits made is input, or made of it, and stays here.
    private func items(of machine: JobMachine) throws -> [Item] {
        var items: [Item] = []
        for task in machine.tasks.indices {
            let state = machine.tasks[task]
            guard state.status == .succeeded, state.kind != .fetch, state.kind != .split, let result = state.result else {
                continue
            }
            let id = machine.subJobID(of: task)
            items.append(Item(task: id, hash: result.hash, inline: result.inline))
            for reference in try content.value(of: result).contentReferences.sorted(by: { $0.text < $1.text }) {
                items.append(Item(task: id, name: reference.name, hash: reference.hash))
            }
        }
        return items
    }

    /// The CIDs by hash, and the first failure.
    private func add(
        _ items: [Item], to kubo: KuboClient
    ) async -> (cids: [ContentHash: String], failure: Failure?) {
        await withTaskGroup(of: (ContentHash, Result<String, Failure>).self) { group in
            for item in items {
                group.addTask {
                    // In two steps: Swift 6.3's optimizer loses a result that is made in place in the returned tuple.
                    let result: Result<String, Failure>
                    do throws(Failure) { result = .success(try await add(item, to: kubo)) } catch { result = .failure(error) }
                    return (item.hash, result)
                }
            }
            var cids: [ContentHash: String] = [:]
            var failure: Failure?
            for await (hash, result) in group {
                switch result {
                case .success(let cid): cids[hash] = cid
                case .failure(let error): failure = failure ?? error
                }
            }
            return (cids, failure)
        }
    }

    /// Hashed first: damaged bytes are not evidence.
    private func add(_ item: Item, to kubo: KuboClient) async throws(Failure) -> String {
        let name = item.name ?? "\(item.task).json"
        if let inline = item.inline { return try await kubo.add(Array(inline.utf8), name: name) }
        do throws(ContentError) {
            guard try content.verify(item.hash) else {
                throw ContentError(.corrupt, path: name, "\(name) (\(item.hash)) is damaged, and was not published")
            }
        } catch { throw Failure(.infra, error.sentence) }
        return try await kubo.add(item.hash, of: content, name: name)
    }
}
