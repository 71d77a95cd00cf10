package import ImflowJSON

/// An answer: a status and a JSON document.
package struct APIResponse: Sendable, Equatable, Error {
    package var status: Int
    package var fields: [String: String]
    package var body: JSONValue

    package init(_ status: Int, _ body: JSONValue, fields: [String: String] = [:]) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// An `imflow.error/v1`: what is wrong, in a sentence for the person who must act on it, and more about it.
    package static func problem(
        _ status: Int, _ message: String, fields: [String: String] = [:], details: JSONObject = [:]
    ) -> APIResponse {
        let own: JSONObject = [
            "schema": "imflow.error/v1", "status": .int(Int64(status)), "message": .string(message),
        ]
        return APIResponse(status, .object(own.merging(details) { own, _ in own }), fields: fields)
    }

    /// The answer as it goes out; the connection is closed after it.
    package var bytes: [UInt8] {
        let content = Array((body.text + "\n").utf8)
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\nContent-Type: application/json\r\n"
        head += "Content-Length: \(content.count)\r\nConnection: close\r\n"
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        return Array((head + "\r\n").utf8) + content
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
