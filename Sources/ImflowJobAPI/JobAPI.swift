/// What a model may ask of the engine that runs it.
package enum JobCall: Sendable, Equatable {
    /// - Parameters:
    ///   - body: a job as in `job.json`.
    ///   - key: the same key and the same body are the same job.
    ///   - priority: larger goes first among the jobs of one family; nil: what the job says.
    case submit(body: [UInt8], key: String?, priority: Int?)
    case look(job: String)
    case list
    case cancel(job: String)
}

/// Where calls are carried out.
package protocol JobCallHandler: Sendable {
    /// Whether an attempt that is running has this token; takes as long for a wrong one as for a right one.
    func isKnown(_ token: String) -> Bool

    /// - Parameter wait: how long the answer may take for a job that has not ended, in seconds; 0: at once.
    func answer(_ call: JobCall, wait: Int, token: String) async -> APIResponse
}

/// The routes below `/v1/jobs`.
package struct JobAPI: RequestHandler {
    /// The most that `wait` may ask for, in seconds.
    package static let longestWait = 3600
    /// Of an idempotency key, in bytes.
    package static let longestKey = 256

    private let jobs: any JobCallHandler

    package init(_ jobs: any JobCallHandler) { self.jobs = jobs }

    package func refusal(of head: RequestHead) -> APIResponse? {
        guard let token = head.bearerToken else {
            return .problem(
                401, "the token is missing: send Authorization: Bearer with the value of IMFLOW_API_TOKEN",
                fields: ["WWW-Authenticate": "Bearer"])
        }
        guard jobs.isKnown(token) else {
            return .problem(
                401, "no running attempt has this token: it ends with the attempt that got it",
                fields: ["WWW-Authenticate": "Bearer"])
        }
        do throws(APIResponse) {
            _ = try route(APIRequest(head: head, body: []))
            return nil
        } catch { return error }
    }

    package func answer(_ request: APIRequest) async -> APIResponse {
        do throws(APIResponse) {
            let (call, wait) = try route(request)
            return await jobs.answer(call, wait: wait, token: request.head.bearerToken ?? "")
        } catch { return error }
    }

    private func route(_ request: APIRequest) throws(APIResponse) -> (JobCall, wait: Int) {
        let head = request.head
        guard head.path.starts(with: ["v1", "jobs"]) else { throw Self.nothing(head) }
        switch (head.method, head.path.count) {
        case ("POST", 2):
            try Self.allow(["key", "priority", "wait"], of: head)
            let key = try Self.key(head)
            let priority = try Self.number("priority", of: head, in: -1_000_000...1_000_000)
            return (.submit(body: request.body, key: key, priority: priority), try Self.wait(head))
        case ("GET", 2):
            try Self.allow([], of: head)
            return (.list, 0)
        case ("GET", 3):
            try Self.allow(["wait"], of: head)
            return (.look(job: head.path[2]), try Self.wait(head))
        case ("POST", 4) where head.path[3] == "cancel":
            try Self.allow([], of: head)
            return (.cancel(job: head.path[2]), 0)
        case (_, 2): throw Self.wrongMethod(head, "GET, POST")
        case (_, 3): throw Self.wrongMethod(head, "GET")
        case (_, 4) where head.path[3] == "cancel": throw Self.wrongMethod(head, "POST")
        default: throw Self.nothing(head)
        }
    }

    private static func nothing(_ head: RequestHead) -> APIResponse {
        .problem(404, "there is nothing at /\(head.path.joined(separator: "/")): jobs are at /v1/jobs")
    }

    private static func wrongMethod(_ head: RequestHead, _ allowed: String) -> APIResponse {
        .problem(
            405, "\(head.method) is not for /\(head.path.joined(separator: "/")): \(allowed)",
            fields: ["Allow": allowed])
    }

    private static func allow(_ names: Set<String>, of head: RequestHead) throws(APIResponse) {
        guard let unknown = head.query.keys.filter({ !names.contains($0) }).min() else { return }
        let known = names.isEmpty ? "none" : names.sorted().joined(separator: ", ")
        throw .problem(400, "the parameter \(unknown) is not known here; known: \(known)")
    }

    private static func wait(_ head: RequestHead) throws(APIResponse) -> Int {
        try number("wait", of: head, in: 0...longestWait) ?? 0
    }

    private static func number(
        _ name: String, of head: RequestHead, in range: ClosedRange<Int>
    ) throws(APIResponse) -> Int? {
        guard let text = head.query[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .problem(400, "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// As a parameter, or as the header field of the IETF's draft on idempotency keys.
    private static func key(_ head: RequestHead) throws(APIResponse) -> String? {
        guard let key = head.query["key"] ?? head.fields["idempotency-key"] else { return nil }
        guard (1...longestKey).contains(key.utf8.count) else {
            throw .problem(400, "a key has 1 to \(longestKey) bytes")
        }
        return key
    }
}
