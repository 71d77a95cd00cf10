package import ImflowJSON

/// A message of JSON-RPC 2.0.
package enum RPCMessage {
    /// `id` is a string or a number.
    case request(id: JSONValue, method: String, params: JSONValue)
    case notification(method: String, params: JSONValue)
    /// An answer to a request of ours.
    case response(id: JSONValue)

    /// Reads the body of a frame.
    package init(_ body: [UInt8]) throws(RPCError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw RPCError(.parseError, "the message is no JSON: \(error)")
        }
        guard value["jsonrpc"] == "2.0" else { throw RPCError(.invalidRequest, "the message is no JSON-RPC 2.0") }
        let id: JSONValue? =
            switch value["id"] {
            case .int, .number, .string: value["id"]
            default: nil
            }
        let params = value["params"] ?? .null
        switch (id, value["method"]?.stringValue) {
        case (let id?, let method?): self = .request(id: id, method: method, params: params)
        case (nil, let method?):
            guard value["id"] == nil else { throw RPCError(.invalidRequest, "an id is a string or a number") }
            self = .notification(method: method, params: params)
        case (let id?, nil) where value["result"] != nil || value["error"] != nil: self = .response(id: id)
        default: throw RPCError(.invalidRequest, "the message has no method")
        }
    }

    /// The body of a frame.
    static func notification(_ method: String, _ params: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "method": .string(method), "params": params]
    }

    static func request(id: String, _ method: String, _ params: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": .string(id), "method": .string(method), "params": params]
    }

    static func response(id: JSONValue, _ result: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "result": result]
    }

    static func failure(id: JSONValue, _ error: RPCError) -> JSONValue {
        [
            "jsonrpc": "2.0", "id": id,
            "error": ["code": .int(Int64(error.code.rawValue)), "message": .string(error.message)],
        ]
    }

    /// The message as bytes, with its header.
    static func frame(_ message: JSONValue) -> [UInt8] {
        let body = Array(message.text.utf8)
        return Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }
}

/// Why a request has no result.
package struct RPCError: Error, Equatable {
    /// JSON-RPC 2.0 section 5.1, and LSP 3.17, "ErrorCodes".
    package enum Code: Int, Sendable {
        case parseError = -32700
        case invalidRequest = -32600
        case methodNotFound = -32601
        case invalidParams = -32602
        case serverNotInitialized = -32002
        case requestCancelled = -32800
        case requestFailed = -32803
    }

    package var code: Code
    /// A sentence for people.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
