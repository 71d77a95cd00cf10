package import ImflowExecution
import ImflowJSON

/// A result that calls with the same key may take.
package struct CacheEntry: Sendable, Equatable {
    static let schema = "imflow.cache-entry/v1"

    package var key: ContentHash
    /// Digests by the fields' names: what the key is made of.
    package var fields: [String: ContentHash]
    package var result: Payload
    /// `JOB/TASK` that made it.
    package var from: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var createdAt: Int64

    package init(key: CacheKey, result: Payload, from: String, createdAt: Int64) {
        self.key = key.hash
        fields = key.fields
        self.result = result
        self.from = from
        self.createdAt = createdAt
    }

    /// Nil unless `json` is an entry whose key is that of its fields.
    init?(_ json: JSONValue) {
        guard json["schema"]?.stringValue == Self.schema, let members = json["fields"]?.objectValue,
            let result = Self.payload(json["result"]), let from = json["from"]?.stringValue,
            let createdAt = json["created_at"]?.intValue, let named = Self.hash(json["key"])
        else { return nil }
        var fields: [String: ContentHash] = [:]
        for (name, value) in members {
            guard let hash = Self.hash(value) else { return nil }
            fields[name] = hash
        }
        guard CacheKey(fields: fields, digest: ContentHash.init(canonical:)).hash == named else { return nil }
        key = named
        self.fields = fields
        self.result = result
        self.from = from
        self.createdAt = Int64(createdAt)
    }

    var json: JSONValue {
        var members = JSONObject()
        for (name, hash) in fields { members[name] = .string(hash.description) }
        var payload: JSONObject = ["hash": .string(result.hash.description), "size": .int(Int64(result.size))]
        if let inline = result.inline { payload["inline"] = .string(inline) }
        return [
            "schema": .string(Self.schema), "key": .string(key.description), "fields": .object(members),
            "result": .object(payload), "from": .string(from), "created_at": .int(createdAt),
        ]
    }

    private static func payload(_ json: JSONValue?) -> Payload? {
        guard let json, let hash = hash(json["hash"]), let size = json["size"]?.intValue, size >= 0 else { return nil }
        return Payload(hash: hash, size: size, inline: json["inline"]?.stringValue)
    }

    private static func hash(_ json: JSONValue?) -> ContentHash? {
        guard let text = json?.stringValue, text.hasPrefix("0x") else { return nil }
        return ContentHash(hex: String(text.dropFirst(2)))
    }
}
