import ImflowEngine
import ImflowExecution

extension FactCoder {
    private static let outcomes: [CacheEvidence.Outcome] = [.hit, .missed, .refreshed, .damaged, .off, .unavailable]

    /// In place of the cache's outcome where it was not asked and something follows.
    private static let notAsked: UInt8 = 255

    /// All stand after the other fields of the evidence, and only as far as there is something to say.
    /// - Parameter start: milliseconds.
    static func put(
        _ cache: CacheEvidence?, start: Double?, engine: String?, imageDigest: String?, into record: inout ByteWriter
    ) {
        let names = engine != nil || imageDigest != nil
        if let cache { put(cache, into: &record) } else if names || start != nil { record.put(notAsked) }
        guard names || start != nil else { return }
        // No start is not a number.
        record.put(fixed: (start ?? .nan).bitPattern)
        if names { record.put(engine ?? "") }
        if let imageDigest { record.put(imageDigest) }
    }

    static func readRest(of evidence: inout Evidence, from record: inout ByteReader) throws {
        evidence.cache = try cache(from: &record)
        if record.isAtEnd { return }
        let start = Double(bitPattern: try record.fixed())
        evidence.startMilliseconds = start.isNaN ? nil : start
        if record.isAtEnd { return }
        let engine = try record.text()
        evidence.engine = engine.isEmpty ? nil : engine
        if !record.isAtEnd { evidence.imageDigest = try record.text() }
    }

    private static func put(_ cache: CacheEvidence, into record: inout ByteWriter) {
        record.put(UInt8(truncatingIfNeeded: outcomes.firstIndex(of: cache.outcome) ?? outcomes.count))
        record.put(cache.key == nil ? 0 : 1 as UInt8)
        if let key = cache.key { record.put(raw: key.bytes) }
        record.put(cache.fields == nil ? 0 : 1 as UInt8)
        if let fields = cache.fields {
            record.put(fields.count)
            for (name, hash) in fields.sorted(by: { $0.key < $1.key }) {
                record.put(name)
                record.put(raw: hash.bytes)
            }
        }
        for text in [cache.from, cache.waitedFor, cache.note] {
            record.put(text == nil ? 0 : 1 as UInt8)
            if let text { record.put(text) }
        }
    }

    /// Nil where it was not asked.
    static func cache(from record: inout ByteReader) throws -> CacheEvidence? {
        guard !record.isAtEnd else { return nil }
        let first = try record.byte()
        if first == notAsked { return nil }
        let number = Int(first)
        guard outcomes.indices.contains(number) else { throw ByteReader.Malformed() }
        var cache = CacheEvidence(outcomes[number])
        if try record.byte() != 0 { cache.key = try hash(from: &record) }
        if try record.byte() != 0 {
            var fields: [String: ContentHash] = [:]
            let count = try record.int()
            guard count >= 0 else { throw ByteReader.Malformed() }
            for _ in 0..<count {
                let name = try record.text()
                fields[name] = try hash(from: &record)
            }
            cache.fields = fields
        }
        cache.from = try optionalText(from: &record)
        cache.waitedFor = try optionalText(from: &record)
        cache.note = try optionalText(from: &record)
        return cache
    }

    private static func optionalText(from record: inout ByteReader) throws -> String? {
        try record.byte() == 0 ? nil : try record.text()
    }
}
