internal import ImflowContent
internal import ImflowExecution
package import ImflowJSON

extension DataStaging {
    /// Fetches files of a job's input again that the content store has lost. A file is known by its hash: where its URL
    /// answers other bytes than it did, the job's input is not what it was.
    /// - Parameters:
    ///   - fetched: the input with content references; those that are there are left alone.
    ///   - submitted: the same with the URLs that they were fetched from.
    /// - Throws: ``Failure`` that names the URL that cannot be fetched, or has changed.
    package func restore(_ fetched: JSONValue, as submitted: JSONValue) async throws {
        var sources: [String: ContentReference] = [:]
        Self.pair(fetched, submitted, into: &sources)
        let lost = sources.filter { !content.contains($0.value.hash) }
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            let found = try await fetcher.references(of: lost.keys.sorted())
            for (url, reference) in lost.sorted(by: { $0.key < $1.key }) {
                guard found[url].flatMap(ContentReference.init)?.hash != reference.hash else { continue }
                throw Failure(
                    .app, "`\(url)` has changed since the job was submitted, and the content store has lost what it was")
            }
        }
    }

    /// What each URL of `submitted` has become in `fetched`.
    private static func pair(_ fetched: JSONValue, _ submitted: JSONValue, into sources: inout [String: ContentReference]) {
        switch (fetched, submitted) {
        case (.string(let text), .string(let url)):
            if FileMembers.isFetchable(url), let reference = ContentReference(text) { sources[url] = reference }
        case (.array(let items), .array(let others)):
            for (item, other) in zip(items, others) { pair(item, other, into: &sources) }
        case (.object(let members), .object(let others)):
            for (key, member) in members { if let other = others[key] { pair(member, other, into: &sources) } }
        default: break
        }
    }
}
