import ImflowJSON

/// What an engine answered, whatever its status.
struct EngineAnswer: Sendable {
    var status: Int
    var body: [UInt8]

    var isSuccess: Bool { (200...299).contains(status) }

    /// Null when the body is no JSON.
    var json: JSONValue { (try? JSONValue.parse(body)) ?? .null }

    /// The engine's own words, for people; bounded.
    var message: String {
        String((json["message"]?.stringValue ?? String(decoding: body.prefix(500), as: UTF8.self)).prefix(500))
    }
}
