import ImflowContent
import ImflowExecution
import ImflowJSON

/// What was in the cache when a key missed, and how it differed.
struct CacheNeighbours {
    struct Difference {
        /// Names of the key's fields, sorted.
        var fields: [String]
        /// What each field's difference means, for people.
        var sentences: [String]
        /// `JOB/TASK` that made the nearest result.
        var from: String
    }

    /// The results that were used last; older ones are not looked at.
    private static let limit = 20_000
    /// Of a model's changed files, how many are named.
    private static let filesNamed = 3
    /// Without one of these alike, two calls have nothing to do with each other.
    private static let kinship = ["model", "image", "command", "units", "input."]

    private let entries: [CacheEntry]
    private let content: ContentStore

    init(_ state: State) {
        content = state.content
        guard let cache = try? ResultCache(folder: state.folder.cache, content: state.content),
            let all = try? cache.all()
        else {
            entries = []
            return
        }
        entries = all.sorted { $0.usedAt > $1.usedAt }.prefix(Self.limit).compactMap { cache.entry($0.key) }
    }

    /// How the key differed from the nearest result that there was then; nil: nothing was like it.
    /// Results of the same job are passed over: its shards differ from each other by what they are.
    func difference(of evidence: CacheEvidence, job: String, startedAt: Int64) -> Difference? {
        guard let key = evidence.key, let fields = evidence.fields else { return nil }
        var nearest: (entry: CacheEntry, alike: Int)?
        for entry in entries where entry.key != key && entry.createdAt < startedAt {
            if entry.from.hasPrefix(job + "/") { continue }
            guard entry.fields.contains(where: { Self.isKin($0.key) && fields[$0.key] == $0.value }) else { continue }
            let alike = entry.fields.count { fields[$0.key] == $0.value }
            if let nearest, (nearest.alike, nearest.entry.createdAt) >= (alike, entry.createdAt) { continue }
            nearest = (entry, alike)
        }
        guard let entry = nearest?.entry else { return nil }
        let names = CacheKey.difference(fields, entry.fields)
        return Difference(
            fields: names, sentences: names.map { sentence($0, fields[$0], entry.fields[$0]) }, from: entry.from)
    }

    private static func isKin(_ field: String) -> Bool {
        kinship.contains { $0 == field || ($0.hasSuffix(".") && field.hasPrefix($0)) }
    }

    private func sentence(_ field: String, _ mine: ContentHash?, _ other: ContentHash?) -> String {
        let verb = mine == nil ? "is gone" : other == nil ? "is new" : "differs"
        if field.hasPrefix("input.") { return "input `\(field.dropFirst("input.".count))` \(verb)" }
        if field.hasPrefix("env ") { return "the variable \(field.dropFirst("env ".count)) \(verb)" }
        switch field {
        case "model": return "the model's content changed" + files(mine, other)
        case "program": return "the program that runs it changed"
        case "image": return "the image's content changed"
        case "command": return "the command differs"
        case "units": return "the units differ"
        case "input": return "the input differs"
        case "form": return "it was called whole there and in shards here, or the other way round"
        default: return "\(field) \(verb)"
        }
    }

    /// The files by which two contents of a model differ, as far as the listings are still stored.
    private func files(_ mine: ContentHash?, _ other: ContentHash?) -> String {
        guard let mine = listing(mine), let other = listing(other) else { return "" }
        let paths = mine.difference(to: other)
        guard !paths.isEmpty else { return "" }
        let more = paths.count > Self.filesNamed ? " and \(paths.count - Self.filesNamed) more" : ""
        return " (\(paths.prefix(Self.filesNamed).joined(separator: ", "))\(more))"
    }

    private func listing(_ hash: ContentHash?) -> FolderListing? {
        guard let hash, let size = content.size(of: hash), let bytes = try? content.read(hash, limit: Int(size)),
            let json = try? JSONValue.parse(bytes)
        else { return nil }
        return FolderListing(json)
    }
}
