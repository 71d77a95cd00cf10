import ImflowContent
import ImflowExecution
import ImflowJSON

/// Whether stored values are there as they were made. What is damaged would stay in the way of the same content made
/// anew: it is removed.
struct ContentCheck {
    private let content: ContentStore
    /// By hash: hashed once, however often it is named.
    private var verdicts: [ContentHash: Bool] = [:]

    init(content: ContentStore) { self.content = content }

    /// Whether the value can be read, and every file that it names is there, with the bytes that its reference says.
    mutating func isIntact(_ payload: Payload) -> Bool {
        guard let value = try? content.value(of: payload) else {
            try? content.remove(payload.hash)
            return false
        }
        for reference in value.contentReferences where !isStored(reference.hash) { return false }
        return true
    }

    private mutating func isStored(_ hash: ContentHash) -> Bool {
        if let verdict = verdicts[hash] { return verdict }
        let verdict = (try? content.verify(hash)) ?? false
        if !verdict { try? content.remove(hash) }
        verdicts[hash] = verdict
        return verdict
    }
}
