import ImflowExecution
import ImflowJSON

/// What a later engine needs to take over an instance. Nothing of it is secret.
struct WarmRecord: Sendable, Equatable {
    /// A longer file is none.
    static let limit = 64 * 1024
    private static let schema = "imflow.warm-instance/1"

    /// ``WarmKey``.
    var key: String
    /// For people.
    var model: String
    var token: String
    /// ``ModelInstance/handle``.
    var handle: String
    /// Where what it writes goes.
    var log: String
    /// The socket by which it submits jobs; nil: it submits none.
    var apiSocket: String?
    /// Milliseconds since 1970-01-01T00:00:00Z; nobody uses it, and so long it is kept. Nil: its engine has not ended, or
    /// was killed.
    var keptUntil: Int64?

    var text: String {
        var members: JSONObject = [
            "schema": .string(Self.schema), "key": .string(key), "model": .string(model), "token": .string(token),
            "handle": .string(handle), "log": .string(log),
        ]
        if let apiSocket { members["api"] = .string(apiSocket) }
        if let keptUntil { members["kept_until"] = .int(keptUntil) }
        return JSONValue.object(members).text
    }
}

extension WarmRecord {
    /// Nil: that is no record.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue.parse(bytes), json["schema"]?.stringValue == Self.schema,
            let key = json["key"]?.stringValue, let model = json["model"]?.stringValue,
            let token = json["token"]?.stringValue, let handle = json["handle"]?.stringValue,
            let log = json["log"]?.stringValue
        else { return nil }
        self.init(
            key: key, model: model, token: token, handle: handle, log: log, apiSocket: json["api"]?.stringValue,
            keptUntil: json["kept_until"]?.intValue.map { max(0, Int64($0)) })
    }
}
