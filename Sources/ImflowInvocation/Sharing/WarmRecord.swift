import ImflowJSON

/// What another engine needs to use an instance.
struct WarmRecord: Sendable, Equatable {
    var token: String
    /// What its ``ModelHost`` finds it by.
    var handle: String
    /// Where what it writes goes, as long as the engine that started it lives.
    var log: String
    /// It ends with the engine that started it.
    var isBound: Bool
    /// Milliseconds since 1970-01-01T00:00:00Z; nobody uses it, and so long it is kept. Nil: somebody uses it.
    var keptUntil: Int64?

    var text: String {
        var members: JSONObject = [
            "token": .string(token), "handle": .string(handle), "log": .string(log), "bound": .bool(isBound),
        ]
        if let keptUntil { members["kept_until"] = .int(keptUntil) }
        return JSONValue.object(members).text
    }

    init(token: String, handle: String, log: String, isBound: Bool, keptUntil: Int64? = nil) {
        self.token = token
        self.handle = handle
        self.log = log
        self.isBound = isBound
        self.keptUntil = keptUntil
    }

    /// Nil: that is no record.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue.parse(bytes), let token = json["token"]?.stringValue,
            let handle = json["handle"]?.stringValue, let log = json["log"]?.stringValue,
            let isBound = json["bound"]?.boolValue
        else { return nil }
        self.init(
            token: token, handle: handle, log: log, isBound: isBound, keptUntil: json["kept_until"]?.intValue.map(Int64.init))
    }
}
