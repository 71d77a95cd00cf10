/// A request line and its header fields (RFC 9112 sections 3 and 5).
package struct RequestHead: Sendable, Equatable {
    /// Upper case as a client wrote it: methods are case-sensitive.
    package var method: String
    /// The path's parts, percent-decoded: `/v1/jobs` is `["v1", "jobs"]`.
    package var path: [String]
    /// The parameters after `?`, percent-decoded; each stands once.
    package var query: [String: String]
    /// By lower-case name; fields that stand several times are joined by `, `.
    package var fields: [String: String]
    /// Of the body that follows, in bytes.
    package var contentLength: Int

    /// The token of `Authorization: Bearer …` (RFC 6750 section 2.1).
    package var bearerToken: String? {
        guard let value = fields["authorization"], let space = value.firstIndex(of: " "),
            value[..<space].lowercased() == "bearer"
        else { return nil }
        let token = value[value.index(after: space)...].drop { $0 == " " }
        return token.isEmpty ? nil : String(token)
    }

    /// The client sends its body only when it has been told to go on (RFC 9110 section 10.1.1).
    package var expectsContinue: Bool { fields["expect"]?.lowercased() == "100-continue" }
}

/// A whole request.
package struct APIRequest: Sendable, Equatable {
    package var head: RequestHead
    package var body: [UInt8]

    package init(head: RequestHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}
